// Networks that no interface is on any more: how long each is kept, so that the next launch finds it made. Pure.

package import CloudTypes

/// An instance that replaces the last of its VPC would else wait until the network is gone and made anew.
package struct IdleNetworks: Sendable {
    /// 0: none is kept.
    private let seconds: Int
    private var deadlines: [VPCID: Timestamp] = [:]

    package init(keptSeconds: Int) { seconds = keptSeconds }

    /// Notes that nobody is on the network.
    ///
    /// - Returns: until when it is kept, counted from when it was first noted; nil when it is to go now.
    package mutating func deadline(of vpc: VPCID, at now: Timestamp) -> Timestamp? {
        let deadline = deadlines[vpc] ?? now.adding(seconds: Double(seconds))
        deadlines[vpc] = deadline
        return now < deadline ? deadline : nil
    }

    /// Until when the network is kept; nil when nobody noted that it is idle.
    package func deadline(of vpc: VPCID) -> Timestamp? { deadlines[vpc] }

    /// Somebody is on the network again, or it is gone.
    package mutating func forget(_ vpc: VPCID) { deadlines[vpc] = nil }
}
