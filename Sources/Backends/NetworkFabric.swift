// What a node needs of a network. One verb makes a VPC so, atomically and as often as asked.

package import CloudTypes
package import NodeContract

package protocol NetworkFabric: Sendable {
    /// Makes the VPC so; returns once packets obey it. Established connections live on through a change.
    func apply(_ network: VPCNetwork) async throws(NetworkFabricError)
    /// Removes the VPC and every trace of it.
    func remove(_ vpc: VPCID) async throws(NetworkFabricError)
    /// The VPCs that exist on this host, also from an earlier run.
    func present() async throws(NetworkFabricError) -> Set<VPCID>
    /// A descriptor through which a hypervisor drives the guest's side of an interface (a tap with virtio headers).
    /// The caller owns it. The interface must be part of the network last applied.
    func openPort(_ interface: NetworkInterfaceID, in vpc: VPCID) async throws(NetworkFabricError) -> Int32
    /// A bound, listening TCP socket at 169.254.169.254:80 inside the VPC.
    /// The caller owns it. A guest is known there by its source address, which the fabric vouches for.
    func openMetadataListener(in vpc: VPCID) async throws(NetworkFabricError) -> Int32
    /// The interfaces at which a guest answers for its address; takes some seconds where one does not. Delays nothing else.
    func answering(
        _ ports: [GuestExamination.Port], in vpc: VPCID
    ) async throws(NetworkFabricError) -> Set<NetworkInterfaceID>
    /// Bytes that the interfaces have received and sent since they were made.
    func traffic(of interfaces: [NetworkInterfaceID], in vpc: VPCID) async throws(NetworkFabricError) -> Int
}

package enum NetworkFabricError: Error, Equatable, Sendable {
    case noSuchNetwork(VPCID)
    case noSuchInterface(NetworkInterfaceID)
    /// A tool is missing or a privilege is.
    case unavailable(String)
    case commandFailed(String, exitStatus: Int32, standardError: String)
    case hostFailed(String)
}
