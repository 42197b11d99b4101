// What the node finds when it looks whether a guest is well.

package import CloudTypes

/// A guest that is to be looked at, and where it should answer.
package struct GuestExamination: Hashable, Sendable {
    package var run: GuestRun
    /// nil: it has no interface.
    package var port: Port?
    package init(run: GuestRun, port: Port?) { (self.run, self.port) = (run, port) }

    package struct Port: Hashable, Sendable {
        package var interface: NetworkInterfaceID
        package var vpc: VPCID
        package var address: IPv4Address
        /// Who asks: the VPC's router in the subnet.
        package var router: IPv4Address
        package init(interface: NetworkInterfaceID, vpc: VPCID, address: IPv4Address, router: IPv4Address) {
            (self.interface, self.vpc, self.address, self.router) = (interface, vpc, address, router)
        }
    }
}

package struct GuestHealth: Hashable, Sendable {
    /// Its system answers on its primary interface.
    package var isReachable: Bool
    /// Its machine answers the node, and its processors may run.
    package var hasMachine: Bool
    /// None of its disks waits or fails.
    package var hasDisks: Bool
    package init(isReachable: Bool, hasMachine: Bool, hasDisks: Bool) {
        (self.isReachable, self.hasMachine, self.hasDisks) = (isReachable, hasMachine, hasDisks)
    }

    package static let well = GuestHealth(isReachable: true, hasMachine: true, hasDisks: true)
}
