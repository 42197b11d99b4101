import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyNetworkInterfaceAttribute`: one attribute a call.
enum ModifyNetworkInterfaceAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifyNetworkInterfaceAttribute

    static func perform(
        _ input: EC2.ModifyNetworkInterfaceAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let interface: NetworkInterfaceRecord = try transaction.owned(try Lookup.id(input.networkInterfaceID))
        try refuseUnserved(input)
        try checkCount(input)
        if let description = input.description?.value {
            let description = try InterfaceText.description(description)
            transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
                interface.description = description
            }
        }
        if let check = input.sourceDestCheck?.value {
            transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
                interface.sourceDestinationCheck = check
            }
        }
        if !input.groups.isEmpty {
            let groups = try Lookup.ids(input.groups, SecurityGroupKind.self)
            try transaction.setGroups(groups, of: interface.id)
        }
        if let changes = input.attachment { try change(interface, by: changes, &transaction) }
        if let wanted = input.associatePublicIPAddress { setPublicAddress(wanted, of: interface, &transaction) }
        return Operation.Output()
    }

    private static func checkCount(_ input: EC2.ModifyNetworkInterfaceAttributeRequest) throws(EC2Error) {
        let given = [
            input.description != nil, input.sourceDestCheck != nil, !input.groups.isEmpty, input.attachment != nil,
            input.associatePublicIPAddress != nil,
        ]
        switch given.filter({ $0 }).count {
        case 0: throw .missingParameter("Description, SourceDestCheck, SecurityGroupId or Attachment")
        case 1: return
        default:
            throw .invalidParameterCombination(
                "Only one attribute of a network interface can be modified in one request.")
        }
    }

    private static func change(
        _ interface: NetworkInterfaceRecord, by changes: EC2.NetworkInterfaceAttachmentChanges,
        _ transaction: inout Transaction
    ) throws(EC2Error) {
        let id = try Lookup.id(
            changes.attachmentID, named: "Attachment.AttachmentId", NetworkInterfaceAttachmentKind.self)
        guard interface.attachment?.id == id else { throw .notFound(id) }
        guard let deletes = changes.deleteOnTermination else {
            throw .missingParameter("Attachment.DeleteOnTermination")
        }
        transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
            interface.attachment?.deleteOnTermination = deletes
        }
    }

    /// Holds at once for a guest that is up, and from its next start for one that is not.
    private static func setPublicAddress(
        _ wanted: Bool, of interface: NetworkInterfaceRecord, _ transaction: inout Transaction
    ) {
        transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
            interface.wantsPublicAddress = wanted
        }
        if wanted {
            transaction.restorePublicAddress(of: interface.id)
        } else {
            transaction.releasePublicAddress(of: interface.id)
        }
    }

    private static func refuseUnserved(_ input: EC2.ModifyNetworkInterfaceAttributeRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["EnablePrimaryIpv6": input.enablePrimaryIPv6 == true], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            [
                "EnaSrdSpecification": input.enaSrdSpecification?.isWanted == true,
                "Attachment.EnaQueueCount": input.attachment?.enaQueueCount != nil,
                "Attachment.DefaultEnaQueueCount": input.attachment?.defaultENAQueueCount == true,
                "ConnectionTrackingSpecification": input.connectionTrackingSpecification != nil,
                "AssociatedSubnetId": !input.associatedSubnetIDs.isEmpty,
            ], because: "its interfaces have no such setting.")
    }
}
