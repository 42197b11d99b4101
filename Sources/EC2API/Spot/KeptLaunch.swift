// A launch that was kept as the parameters of RunInstances.

internal import AWSWire
package import CloudTypes
package import ControlPlane

extension LaunchOrder {
    /// An order of the parameters that a spot request keeps.
    package init(parameters: [String: String], in transaction: Transaction) throws(EC2Error) {
        let request: EC2.RunInstancesRequest
        do {
            request = try EC2.RunInstancesRequest(parameters: parameters)
        } catch {
            throw error.refusal(in: .ec2)
        }
        try self.init(request, in: transaction)
    }
}
