// What the node needs of the instance metadata service.

package import CloudTypes
package import NodeContract

package protocol MetadataServing: Sendable {
    /// Answers the guests of the VPC on the listening socket, which is taken over.
    func serve(_ vpc: VPCID, on descriptor: Int32) async
    func stop(_ vpc: VPCID) async
    /// What the guest is told from now on; nil: nothing.
    ///
    /// Keys that are offered go with it.
    func set(_ metadata: InstanceMetadata?, of instance: InstanceID) async
    /// Returns once the guest is told of the key.
    ///
    /// - Throws: `noSuchGuest` where the guest is told nothing, `hostFailed` where the key cannot be signed.
    func offer(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError)
}
