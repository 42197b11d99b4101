import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `ModifyInstanceMetadataOptions`: what is not named stays as it is.
enum ModifyInstanceMetadataOptions: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceMetadataOptions

    static func perform(
        _ input: EC2.ModifyInstanceMetadataOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceMetadataOptionsResult {
        let id: InstanceID = try Lookup.id(input.instanceID)
        if let limit = input.httpPutResponseHopLimit { try MetadataOptionsText.check(hopLimit: limit) }
        try UnservedMembers.refuse(
            ["HttpProtocolIpv6": input.httpProtocolIPv6 == .enabled], because: UnservedMembers.noIPv6)
        try transaction.setMetadataOptions(of: id) { options in
            if let tokens = input.httpTokens { options.requiresToken = tokens == .required }
            if let limit = input.httpPutResponseHopLimit { options.hopLimit = limit }
            if let endpoint = input.httpEndpoint { options.isEnabled = endpoint == .enabled }
            if let tags = input.instanceMetadataTags { options.showsTags = tags == .enabled }
        }
        let instance: InstanceRecord = try transaction.owned(id)
        return EC2.ModifyInstanceMetadataOptionsResult(
            instanceID: id.description,
            instanceMetadataOptions: EC2.InstanceMetadataOptionsResponse(of: instance, state: .pending))
    }
}
