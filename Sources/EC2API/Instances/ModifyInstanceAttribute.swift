import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceAttribute`: one attribute a call, by its own member or by name and value.
enum ModifyInstanceAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceAttribute

    static func perform(
        _ input: EC2.ModifyInstanceAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let id: InstanceID = try Lookup.id(input.instanceID)
        let instance: InstanceRecord = try transaction.owned(id)
        try refuseUnserved(input, transaction.state.images[instance.image])
        let changes = try self.changes(input)
        guard changes.count <= 1 else {
            throw .invalidParameterCombination("Fields for multiple attribute types specified")
        }
        guard let change = changes.first else {
            if input.enaSupport != nil { return Operation.Output() }
            throw .invalidParameterCombination("No attributes specified.")
        }
        try transaction.change(id, by: change)
        return Operation.Output()
    }

    private static func changes(
        _ input: EC2.ModifyInstanceAttributeRequest
    ) throws(EC2Error) -> [InstanceAttributeChange] {
        var changes: [InstanceAttributeChange] = []
        if let name = input.attribute, let change = try InstanceAttributeText.change(name, input.value) {
            changes.append(change)
        }
        if let member = input.instanceType {
            changes.append(.instanceType(try given(member.value, "InstanceType.Value")))
        }
        if let member = input.userData { changes.append(.userData(try UserDataText.checked(member.value))) }
        if let member = input.disableAPITermination {
            changes.append(.disableAPITermination(try given(member.value, "DisableApiTermination.Value")))
        }
        if let member = input.disableAPIStop {
            changes.append(.disableAPIStop(try given(member.value, "DisableApiStop.Value")))
        }
        if let member = input.instanceInitiatedShutdownBehavior {
            let text = try given(member.value, "InstanceInitiatedShutdownBehavior.Value")
            changes.append(try InstanceAttributeText.shutdownBehavior(text))
        }
        if let member = input.ebsOptimized {
            changes.append(.ebsOptimized(try given(member.value, "EbsOptimized.Value")))
        }
        if let member = input.sourceDestCheck {
            changes.append(.sourceDestinationCheck(try given(member.value, "SourceDestCheck.Value")))
        }
        if !input.groups.isEmpty { changes.append(.groups(try Lookup.ids(input.groups))) }
        if !input.blockDeviceMappings.isEmpty { changes.append(.mappings(try mappings(input.blockDeviceMappings))) }
        return changes
    }

    private static func given<Value>(_ value: Value?, _ name: String) throws(EC2Error) -> Value {
        guard let value else { throw .missingParameter(name) }
        return value
    }

    private static func mappings(
        _ input: [EC2.InstanceBlockDeviceMappingSpecification]
    ) throws(EC2Error) -> [InstanceAttributeChange.Mapping] {
        var mappings: [InstanceAttributeChange.Mapping] = []
        for mapping in input {
            try UnservedMembers.refuse(
                [
                    "BlockDeviceMapping.VirtualName": mapping.virtualName != nil,
                    "BlockDeviceMapping.NoDevice": mapping.noDevice != nil,
                ], because: "devices are attached and detached with AttachVolume and DetachVolume.")
            mappings.append(
                InstanceAttributeChange.Mapping(
                    deviceName: try given(mapping.deviceName, "BlockDeviceMapping.DeviceName"),
                    volume: try mapping.ebs?.volumeID.map { (text) throws(EC2Error) in try Lookup.id(text) },
                    deleteOnTermination: try given(
                        mapping.ebs?.deleteOnTermination, "BlockDeviceMapping.Ebs.DeleteOnTermination")))
        }
        return mappings
    }

    private static func refuseUnserved(
        _ input: EC2.ModifyInstanceAttributeRequest, _ image: ImageRecord?
    ) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["Kernel": input.kernel != nil, "Ramdisk": input.ramdisk != nil],
            because: "an image brings its own kernel.")
        try UnservedMembers.refuse(
            [
                "SriovNetSupport": input.sriovNetSupport != nil,
                "EnaSupport": input.enaSupport != nil && input.enaSupport?.value != (image?.enaSupport ?? true),
            ], because: "the network adapter follows from the image.")
    }
}

/// Attributes as a name and a text.
enum InstanceAttributeText {
    /// nil where the text is the member of that name.
    static func change(
        _ name: EC2.InstanceAttributeName, _ value: String?
    ) throws(EC2Error) -> InstanceAttributeChange? {
        guard let value else { return nil }
        switch name {
        case .instanceType: return .instanceType(value)
        case .userData:
            guard let bytes = Base64.decode(value) else {
                throw .invalidParameterValue("Invalid BASE64 encoding of user data.")
            }
            return .userData(try UserDataText.checked(bytes))
        case .disableAPITermination: return .disableAPITermination(try flag(value))
        case .disableAPIStop: return .disableAPIStop(try flag(value))
        case .instanceInitiatedShutdownBehavior: return try shutdownBehavior(value)
        case .ebsOptimized: return .ebsOptimized(try flag(value))
        case .sourceDestCheck: return .sourceDestinationCheck(try flag(value))
        case .groupSet: return .groups([try Lookup.id(value)])
        case .kernel, .ramdisk, .rootDeviceName, .blockDeviceMapping, .productCodes, .sriovNetSupport, .enaSupport,
            .enclaveOptions:
            throw .invalidParameterValue(
                name: "attribute", value: name.rawValue, reason: "The attribute cannot be modified by name and value.")
        }
    }

    static func shutdownBehavior(_ text: String) throws(EC2Error) -> InstanceAttributeChange {
        guard let behavior = InstanceRecord.ShutdownBehavior(rawValue: text) else {
            throw .invalidParameterValue(
                name: "instanceInitiatedShutdownBehavior", value: text, reason: "Valid values are stop and terminate.")
        }
        return .shutdownBehavior(behavior)
    }

    private static func flag(_ text: String) throws(EC2Error) -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw .invalidParameterValue(name: "value", value: text, reason: "Valid values are true and false.")
        }
    }
}
