// What launches of the account that say nothing else get of the metadata service.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceMetadataDefaults`: what is not named stays as it is, `no-preference` (a hop limit of -1) takes it away.
enum ModifyInstanceMetadataDefaults: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceMetadataDefaults

    static func perform(
        _ input: EC2.ModifyInstanceMetadataDefaultsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceMetadataDefaultsResult {
        let limit = input.httpPutResponseHopLimit
        if let limit, limit != -1 { try MetadataOptionsText.check(hopLimit: limit) }
        let enforces = input.httpTokensEnforced
        try transaction.setMetadataDefaults { defaults in
            if let limit { defaults.hopLimit = limit == -1 ? nil : limit }
            if let tokens = input.httpTokens {
                defaults.requiresToken = tokens == .noPreference ? nil : tokens == .required
            }
            if let endpoint = input.httpEndpoint {
                defaults.isEnabled = endpoint == .noPreference ? nil : endpoint == .enabled
            }
            if let tags = input.instanceMetadataTags {
                defaults.showsTags = tags == .noPreference ? nil : tags == .enabled
            }
            if let enforces { defaults.enforcesToken = enforces == .noPreference ? nil : enforces == .enabled }
        }
        return EC2.ModifyInstanceMetadataDefaultsResult(return: true)
    }
}

/// `GetInstanceMetadataDefaults`
enum GetInstanceMetadataDefaults: RecordAction {
    typealias Operation = EC2.Operation.GetInstanceMetadataDefaults

    static func perform(
        _ input: EC2.GetInstanceMetadataDefaultsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetInstanceMetadataDefaultsResult {
        let defaults = transaction.metadataDefaults
        return EC2.GetInstanceMetadataDefaultsResult(
            accountLevel: EC2.InstanceMetadataDefaultsResponse(
                httpTokens: defaults.requiresToken.map { $0 ? .required : .optional },
                httpPutResponseHopLimit: defaults.hopLimit,
                httpEndpoint: defaults.isEnabled.map { $0 ? .enabled : .disabled },
                instanceMetadataTags: defaults.showsTags.map { $0 ? .enabled : .disabled }, managedBy: .account,
                httpTokensEnforced: defaults.enforcesToken.map { $0 ? .enabled : .disabled }))
    }
}
