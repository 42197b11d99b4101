// Destination and target of a route as callers send them: exactly one target, of a kind that this cloud has.

import AWSWire
import CloudTypes
import ControlPlane

/// The members that `CreateRoute`, `ReplaceRoute` and `DeleteRoute` share.
struct RouteText {
    var destination: String?
    var destinationIPv6: String?
    var destinationPrefixList: String?
    var gateway: String?
    var instance: String?
    var interface: String?
    /// Targets of kinds that this cloud has not, by their names on the wire.
    var unserved: KeyValuePairs<String, Bool> = [:]

    /// - Throws: `MissingParameter`, `InvalidParameterValue`, `UnsupportedOperation`.
    func block() throws(EC2Error) -> CIDRBlock {
        try UnservedMembers.refuse(
            ["DestinationIpv6CidrBlock": destinationIPv6 != nil], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            ["DestinationPrefixListId": destinationPrefixList != nil], because: "it has no prefix lists.")
        return try CIDRText.block(destination, named: "destinationCidrBlock")
    }

    /// - Throws: `MissingParameter`, `InvalidParameterCombination`, `…NotFound`, `InvalidInstanceID`, `IncorrectInstanceState`,
    ///   `UnsupportedOperation`.
    func target(in transaction: Transaction) throws(EC2Error) -> RouteTableRecord.Route.Target {
        try UnservedMembers.refuse(unserved, because: "it has no such target.")
        let given = [gateway, instance, interface].compactMap { $0 }
        guard !given.isEmpty else {
            throw .missingParameter("GatewayId, InstanceId or NetworkInterfaceId")
        }
        guard given.count == 1 else {
            throw .invalidParameterCombination("A route has exactly one target.")
        }
        if let gateway { return .internetGateway(try internetGateway(gateway)) }
        if let interface {
            let record: NetworkInterfaceRecord = try transaction.owned(try Lookup.id(interface))
            return .networkInterface(record.id)
        }
        let record: InstanceRecord = try transaction.owned(try Lookup.id(instance, named: "InstanceId"))
        return .networkInterface(try transaction.onlyInterface(of: record.id).id)
    }

    private func internetGateway(_ text: String) throws(EC2Error) -> InternetGatewayID {
        if text == "local" {
            throw .invalidParameterValue(
                name: "gatewayId", value: text, reason: "The local target cannot be given to another route.")
        }
        if text.hasPrefix("vgw-") || text.hasPrefix("vpce-") {
            throw .unsupported("Routes to '\(text)' are not supported by this cloud: it has internet gateways only.")
        }
        return try Lookup.id(text)
    }
}
