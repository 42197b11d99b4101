// When instances may be started, stopped, rebooted and terminated; `InstanceTransitions` says what then changes.
// Source: EC2 API Reference, "StartInstances", "StopInstances", "RebootInstances", "TerminateInstances".

package import CloudTypes

extension Transaction {
    /// Terminates the instances but for those in a zone where one of them is protected.
    ///
    /// - Returns: the refusal that names a protected instance; what was terminated is so all the same.
    package mutating func terminate(_ ids: [InstanceID], _ shutdown: InstanceRecord.Shutdown) -> EC2Error? {
        let instances = ids.compactMap { state.instances[$0] }
        let protected = instances.filter { $0.terminationProtection != nil && $0.state != .terminated }
        let sparedZones = Set(protected.map(\.availabilityZone))
        for instance in instances where !sparedZones.contains(instance.availabilityZone) {
            terminate(instance.id, shutdown)
        }
        return protected.first.map { instance in
            EC2Error(
                "OperationNotPermitted",
                "The instance '\(instance.id)' may not be terminated. Modify its "
                    + "'\(instance.terminationProtection ?? "")' instance attribute and try again.")
        }
    }

    /// Stops the instances, or none of them.
    ///
    /// - Parameter hibernating: whether their memory is saved.
    /// - Throws: `OperationNotPermitted`, `UnsupportedOperation`, `IncorrectInstanceState`, `IncorrectSpotRequestState`,
    ///   `UnsupportedHibernationConfiguration`.
    package mutating func stop(
        _ ids: [InstanceID], _ shutdown: InstanceRecord.Shutdown, hibernating: Bool = false
    ) throws(EC2Error) {
        for instance in ids.compactMap({ state.instances[$0] }) {
            try checkRootDevice(of: instance, "stopped")
            try checkStop(ofSpot: instance)
            switch instance.state {
            case .running, .stopping, .stopped: break
            case .pending, .shuttingDown, .terminated: throw .incorrectInstanceState(instance.id, "stopped")
            }
            if instance.disableAPIStop, instance.state == .running {
                throw EC2Error(
                    "OperationNotPermitted",
                    "The instance '\(instance.id)' may not be stopped. Modify its 'disableApiStop' instance attribute "
                        + "and try again.")
            }
            guard !hibernating || instance.hibernates else {
                throw .unsupportedHibernation(
                    "The instance '\(instance.id)' was not launched with hibernation enabled and cannot be hibernated.")
            }
            if hibernating { hibernate(instance.id) } else { stop(instance.id, shutdown) }
        }
    }

    /// Starts the instances, or none of them.
    ///
    /// - Throws: `UnsupportedOperation`, `IncorrectInstanceState`, `IncorrectSpotRequestState`,
    ///   `InsufficientInstanceCapacity`.
    package mutating func start(_ ids: [InstanceID]) throws(EC2Error) {
        for instance in ids.compactMap({ state.instances[$0] }) {
            try checkRootDevice(of: instance, "started")
            switch instance.state {
            case .running, .pending, .stopped: break
            case .stopping, .shuttingDown, .terminated: throw .incorrectInstanceState(instance.id, "started")
            }
            try checkStart(ofSpot: instance)
            guard instance.state != .stopped || hasRootVolume(instance.id) else {
                throw EC2Error(
                    "IncorrectInstanceState",
                    "Invalid value '\(instance.id)' for instanceId. Instance does not have a volume attached at root "
                        + "(\(instance.rootDeviceName))")
            }
            try start(instance.id)
        }
    }

    /// Reboots the instances, or none of them; those that are going or gone are passed over.
    ///
    /// - Throws: `IncorrectInstanceState`.
    package mutating func reboot(_ ids: [InstanceID]) throws(EC2Error) {
        for instance in ids.compactMap({ state.instances[$0] }) {
            switch instance.state {
            case .running: reboot(instance.id)
            case .shuttingDown, .terminated: break
            case .pending, .stopping, .stopped: throw .incorrectInstanceState(instance.id, "rebooted")
            }
        }
    }

    func hasRootVolume(_ id: InstanceID) -> Bool {
        guard let instance = state.instances[id] else { return false }
        return state.rootVolume(of: instance) != nil
    }

    private func checkRootDevice(of instance: InstanceRecord, _ verb: String) throws(EC2Error) {
        guard state.images[instance.image]?.rootDeviceType == .instanceStore else { return }
        throw .unsupported(
            "The instance '\(instance.id)' does not have an 'ebs' root device type and cannot be \(verb).")
    }
}

extension EC2Error {
    package static func incorrectInstanceState(_ id: InstanceID, _ verb: String) -> EC2Error {
        EC2Error(
            "IncorrectInstanceState", "The instance '\(id)' is not in a state from which it can be \(verb).")
    }
}
