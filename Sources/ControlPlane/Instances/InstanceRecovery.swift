// An instance whose guest died is booted again where it may be: the same id, addresses and volumes, another machine.
// Follows: EC2 User Guide, "Automatic instance recovery".

internal import CloudTypes
internal import NodeContract

extension InstanceRecord {
    /// How often it is booted again within a day: one whose guest dies at once may not keep the host busy.
    static let recoveriesADay = 3
    private static let day = 86_400.0

    /// Whether its guest, which died, is to be booted again. What lies on an instance store would be gone.
    func mayRecover(at now: Timestamp) -> Bool {
        autoRecovery == "default" && recentRecoveries(at: now).count < InstanceRecord.recoveriesADay
            && GuestSpec.scratch(of: self, percent: 1).isEmpty
    }

    fileprivate func recentRecoveries(at now: Timestamp) -> [Timestamp] {
        (recoveries ?? []).filter { now < $0.adding(seconds: InstanceRecord.day) }
    }
}

extension Transaction {
    /// The guest died, and with it what was on its way between it and its volumes; it is booted as after a pause.
    mutating func recover(_ id: InstanceID) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            guard instance.state == .running, instance.pause == nil else { return }
            instance.recoveries = instance.recentRecoveries(at: now) + [now]
            instance.pause = .resuming
            instance.launch += 1
            instance.transitionReason = "Server initiated recovery (\(now.reasonText))"
        }
        settleAttachments(of: id)
    }
}
