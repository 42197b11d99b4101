// What keeps an instance from being stopped and terminated, and which instances cannot be kept so.
// Source: EC2 User Guide, "Change instance termination protection", "Enable stop protection for your EC2 instances".

internal import CloudTypes

extension InstanceRecord {
    /// The attribute that keeps it from being terminated, which what may not be stopped may not be either; nil: none.
    var terminationProtection: String? {
        if disableAPITermination { return "disableApiTermination" }
        return disableAPIStop ? "disableApiStop" : nil
    }
}

extension InstanceAttributeChange {
    /// The attribute's name where it protects, which spot instances have no part in; nil: it does not.
    fileprivate var nameOfProtection: String? {
        switch self {
        case .disableAPITermination: "disableApiTermination"
        case .disableAPIStop: "disableApiStop"
        case .instanceType, .userData, .shutdownBehavior, .ebsOptimized, .sourceDestinationCheck, .groups, .mappings:
            nil
        }
    }
}

extension Transaction {
    /// - Throws: `InvalidParameterCombination`, `UnsupportedOperation`.
    func checkProtection(_ order: LaunchOrder, _ image: ImageRecord) throws(EC2Error) {
        let wanted = order.attributes
        if order.spot != nil, wanted.disableAPITermination || wanted.disableAPIStop {
            throw .invalidParameterCombination("Spot Instances cannot be protected from being stopped or terminated.")
        }
        if wanted.disableAPIStop { try checkStopProtection(of: image) }
    }

    /// - Throws: `UnsupportedOperation`.
    func checkChange(_ change: InstanceAttributeChange, of instance: InstanceRecord) throws(EC2Error) {
        if instance.spot != nil, let name = change.nameOfProtection {
            throw .unsupported("Modifying '\(name)' is not supported for spot instances.")
        }
        if case .disableAPIStop(true) = change { try checkStopProtection(of: state.images[instance.image]) }
    }

    private func checkStopProtection(of image: ImageRecord?) throws(EC2Error) {
        guard image?.rootDeviceType == .instanceStore else { return }
        throw .unsupported("Instances with a root device on instance store cannot be protected from being stopped.")
    }
}
