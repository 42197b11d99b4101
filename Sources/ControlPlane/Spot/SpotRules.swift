// Spot instances: how they are launched, taken away and told of.
// Source: EC2 User Guide, "Spot Instances", "Spot Instance request status".

package import CloudTypes
internal import InstanceTypeCatalogue

/// Makes an order of the parameters that a request keeps.
package typealias SpotLaunchReader = @Sendable ([String: String], Transaction) throws(EC2Error) -> LaunchOrder

extension Transaction {
    package mutating func requestSpotInstance(_ wish: SpotWish, tags: [String: String]) -> SpotRequestRecord {
        var request = SpotRequestRecord(id: newID(), account: account, wish: wish, at: now)
        request.tags = tags
        put(request)
        return request
    }

    /// - Throws: `SpotMaxPriceTooLow`.
    func checkPrice(_ wish: SpotWish, _ facts: InstanceTypeFacts) throws(EC2Error) {
        let price = settings.prices.spot(facts)
        guard wish.mostPerHour.map({ $0 >= price }) ?? true else {
            throw EC2Error(
                "SpotMaxPriceTooLow",
                "Your Spot request price of \(wish.mostPerHour ?? 0) is lower than the minimum required Spot request "
                    + "fulfillment price of \(price).")
        }
    }

    /// The terms of an instance that is being launched, under a request that is there or one of its own.
    mutating func beginSpot(_ order: LaunchOrder, _ instance: InstanceID) -> SpotTerms? {
        guard let wish = order.spot else { return nil }
        let id = order.spotRequest ?? requestSpotInstance(wish, tags: order.spotRequestTags).id
        fulfil(id, with: instance)
        return SpotTerms(request: id, behavior: wish.behavior, isPersistent: wish.isPersistent)
    }

    private mutating func fulfil(_ id: SpotRequestID, with instance: InstanceID) {
        changeSpotRequest(id, "fulfilled", "Your Spot request is fulfilled.") { request in
            (request.state, request.instance) = (.active, instance)
        }
    }

    /// Tells the instance that it is taken away in two minutes, or as the operator says; one that hibernates begins to do so at once, as on AWS.
    ///
    /// - Throws: `InvalidParameterValue` for what is no spot instance that runs.
    package mutating func noticeInterruption(of id: InstanceID) throws(EC2Error) {
        guard let instance = state.instances[id], let spot = instance.spot,
            [.pending, .running].contains(instance.state)
        else { throw .invalidParameterValue("The instance '\(id)' is not a Spot Instance that runs.") }
        guard spot.interruption == nil else { return }
        let notice = SpotTerms.Interruption(
            noticedAt: now, due: spot.behavior == .hibernate ? now : now.adding(seconds: settings.spotNotice))
        update(id, InstanceRecord.self) { $0.spot?.interruption = notice }
        let isStop = spot.behavior != .terminate
        changeSpotRequest(
            spot.request, isStop ? "marked-for-stop" : "marked-for-termination",
            "The Spot Instance is marked for \(isStop ? "stopping" : "termination").")
    }

    /// Takes the next step of the request.
    package mutating func advanceSpotRequest(_ id: SpotRequestID, reading read: SpotLaunchReader) {
        guard let request = state.spotRequests[id] else { return }
        switch SpotLifecycle(request, in: state).step(at: now) {
        case .settled: return
        case .wait:
            guard request.state == .open else { return }
            changeSpotRequest(
                id, "not-scheduled-yet", "Your Spot request will not be evaluated until the scheduled date.")
        case .expire:
            changeSpotRequest(id, "schedule-expired", "Your Spot request has expired before it was fulfilled.") {
                $0.state = .closed
            }
        case .fulfil: launch(request, read)
        case .restart: restart(request)
        case .interrupt: if let instance = request.instance { interrupt(instance) }
        case .activate:
            changeSpotRequest(id, "fulfilled", "Your Spot request is fulfilled.") { $0.state = .active }
        case .disable:
            changeSpotRequest(id, "instance-stopped-by-user", "You stopped your Spot Instance.") {
                $0.state = .disabled
            }
        case .suspend:
            changeSpotRequest(
                id, "instance-stopped-no-capacity", "Your Spot Instance was stopped for lack of capacity."
            ) { $0.state = .open }
        case .release: if let instance = request.instance { release(instance) }
        case .end: end(request)
        }
    }

    /// Without room the request waits; what can never be launched fails.
    private mutating func launch(_ request: SpotRequestRecord, _ read: SpotLaunchReader) {
        var attempt = self
        do throws(EC2Error) {
            var order = try read(request.wish.launch, attempt)
            (order.spot, order.spotRequest) = (request.wish, request.id)
            _ = try attempt.launch(order)
            self = attempt
        } catch {
            guard error.isPassing else {
                return changeSpotRequest(request.id, "bad-parameters", error.message) { $0.state = .failed }
            }
            if error.code == "SpotMaxPriceTooLow" {
                changeSpotRequest(request.id, "price-too-low", error.message)
            } else {
                changeSpotRequest(
                    request.id, "capacity-not-available",
                    "There is no capacity available that matches your request.")
            }
        }
    }

    private mutating func restart(_ request: SpotRequestRecord) {
        guard let id = request.instance else { return }
        guard hasRootVolume(id) else { return release(id) }
        var attempt = self
        do throws(EC2Error) {
            try attempt.start(id)
            self = attempt
            fulfil(request.id, with: id)
        } catch {}
    }

    private mutating func interrupt(_ id: InstanceID) {
        guard let spot = state.instances[id]?.spot else { return }
        switch spot.behavior {
        case .terminate: terminate(id, .graceful)
        case .stop: stop(id, .graceful)
        case .hibernate: hibernate(id)
        }
        noteTakenAway(id, spot.behavior == .terminate ? .spotTermination : .spotShutdown)
    }

    /// An instance that is stopped goes for good.
    private mutating func release(_ id: InstanceID) {
        terminate(id, .graceful)
        noteTakenAway(id, .spotTermination)
    }

    private mutating func noteTakenAway(_ id: InstanceID, _ reason: InstanceStateReason) {
        update(id, InstanceRecord.self) { instance in
            instance.stateReason = reason
            instance.transitionReason = "Server initiated (\(instance.stateSince.reasonText))"
        }
    }

    /// A persistent request asks for another instance.
    private mutating func end(_ request: SpotRequestRecord) {
        let wasTakenAway = request.instance.flatMap { state.instances[$0] }?.stateReason == .spotTermination
        let (code, message) =
            wasTakenAway
            ? ("instance-terminated-no-capacity", "Your Spot Instance was terminated for lack of capacity.")
            : ("instance-terminated-by-user", "You terminated your Spot Instance.")
        changeSpotRequest(request.id, code, message) { request in
            request.state = request.wish.isPersistent ? .open : .closed
            if request.wish.isPersistent { request.instance = nil }
        }
    }

    /// Nothing more is launched; an instance that runs, or that its owner stopped, stays.
    package mutating func cancelSpotRequest(_ id: SpotRequestID) {
        switch state.spotRequests[id]?.state {
        case .open:
            changeSpotRequest(
                id, "canceled-before-fulfillment", "Your Spot request was canceled before it was fulfilled."
            ) { $0.state = .cancelled }
        case .active, .disabled:
            changeSpotRequest(
                id, "request-canceled-and-instance-running",
                "Your Spot request is canceled, but your instance is still running."
            ) { $0.state = .cancelled }
        case .closed, .cancelled, .failed, nil: break
        }
    }

    private mutating func changeSpotRequest(
        _ id: SpotRequestID, _ code: String, _ message: String, _ change: (inout SpotRequestRecord) -> Void = { _ in }
    ) {
        guard var request = state.spotRequests[id] else { return }
        change(&request)
        if request.status.code != code || request.status.message != message {
            request.status = SpotRequestRecord.Status(code, message, at: now)
        }
        if request != state.spotRequests[id] { put(request) }
    }

    /// - Throws: `IncorrectSpotRequestState`: where capacity lacked the request alone starts the instance, and where that is
    ///   cancelled nobody does.
    func checkStart(ofSpot instance: InstanceRecord) throws(EC2Error) {
        guard let spot = instance.spot, instance.state == .stopped else { return }
        let request = state.spotRequests[spot.request]?.state
        guard !instance.wasStoppedForCapacity, [.active, .disabled, nil].contains(request) else {
            throw EC2Error(
                "IncorrectSpotRequestState",
                "The Spot Instance '\(instance.id)' cannot be started in the state of its Spot Instance request.")
        }
    }

    /// - Throws: `UnsupportedOperation` for one of a one-time request, `IncorrectSpotRequestState` where the request is cancelled.
    func checkStop(ofSpot instance: InstanceRecord) throws(EC2Error) {
        guard let spot = instance.spot else { return }
        guard spot.isPersistent else {
            throw .unsupported(
                "You can't stop the Spot Instance '\(instance.id)' because it is associated with a one-time Spot "
                    + "Instance request. You can only stop Spot Instances associated with persistent Spot Instance "
                    + "requests.")
        }
        guard instance.state != .running || state.spotRequests[spot.request]?.state != .cancelled else {
            throw EC2Error(
                "IncorrectSpotRequestState",
                "The Spot Instance '\(instance.id)' cannot be stopped: its Spot Instance request is cancelled.")
        }
    }

    /// - Throws: `UnsupportedOperation`: its request asks for the type.
    func checkTypeChange(ofSpot instance: InstanceRecord) throws(EC2Error) {
        guard instance.spot == nil else {
            throw .unsupported("The type of the Spot Instance '\(instance.id)' cannot be changed.")
        }
    }

    /// Requests that ended are forgotten with their instance, or after two days.
    mutating func forgetSpotRequests() {
        let last = now.adding(seconds: -172_800)
        for request in state.spotRequests.all {
            switch request.state {
            case .closed, .cancelled, .failed:
                let isThere = request.instance.map { state.instances[$0] != nil } ?? false
                if !isThere, request.status.updatedAt <= last { delete(request.id, SpotRequestRecord.self) }
            case .open, .active, .disabled: break
            }
        }
    }
}

extension EC2Error {
    /// Whether a spot request goes on waiting although nothing can be launched for it now.
    package var isPassing: Bool {
        [
            "InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet", "InstanceLimitExceeded",
            "SpotMaxPriceTooLow",
        ].contains(code)
    }
}

extension InstanceRecord {
    /// Whether it was taken away for a while, and not by its owner.
    var wasStoppedForCapacity: Bool { state == .stopped && stateReason == .spotShutdown }
}

extension InstanceStateReason {
    package static let spotTermination = InstanceStateReason(
        code: "Server.SpotInstanceTermination", message: "Server.SpotInstanceTermination: Spot instance termination")
    package static let spotShutdown = InstanceStateReason(
        code: "Server.SpotInstanceShutdown", message: "Server.SpotInstanceShutdown: Spot instance shutdown")
}
