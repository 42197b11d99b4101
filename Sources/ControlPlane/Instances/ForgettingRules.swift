// What is kept for a while and then forgotten.
// Sources: EC2 User Guide, "Terminate Amazon EC2 instances"; EC2 API Reference, "Ensuring idempotency".

internal import CloudTypes

extension Transaction {
    /// Seconds that a terminated instance can still be described.
    package static let terminatedInstanceLife = 3_600.0
    /// Seconds that the answer to a request with a ClientToken is kept.
    package static let requestTokenLife = 86_400.0

    /// Forgets terminated instances an hour after they went, and request tokens after a day, of every account.
    package mutating func forgetOld() {
        let (lastTermination, lastToken) = (
            now.adding(seconds: -Transaction.terminatedInstanceLife), now.adding(seconds: -Transaction.requestTokenLife)
        )
        for instance in state.instances.all
        where instance.state == .terminated && instance.stateSince <= lastTermination {
            delete(instance.id, InstanceRecord.self)
            if state.cpuCredits[instance.id] != nil { delete(instance.id, CPUCreditRecord.self) }
            for task in state.rootTasks.all(where: IndexKey(.instance, instance.id)) {
                delete(task.id, RootTaskRecord.self)
            }
        }
        forgetEndedEvents()
        lookThroughCapacityReservations()
        emptyBins()
        forgetDisabledFastRestores()
        rollUpUsage()
        forgetDeletedFleets()
        forgetSpotRequests()
        for token in state.requestTokens.all where token.createdAt <= lastToken {
            delete(token.id, RequestTokenRecord.self)
        }
    }
}
