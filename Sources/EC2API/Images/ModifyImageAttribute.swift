import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyImageAttribute`: who may launch an image, its description, or its metadata default; one of them at a time.
enum ModifyImageAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifyImageAttribute

    static func perform(
        _ input: EC2.ModifyImageAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var image = try transaction.ownImage(Lookup.id(input.imageID))
        switch try ImageChange(input) {
        case .description(let text):
            image.description = text.isEmpty ? nil : text
        case .requireTokens:
            image.imdsSupport = EC2.ImdsSupportValues.v2_0.rawValue
        case .launchPermission(let add, let remove):
            guard image.state != .disabled || add.isEmpty else {
                throw EC2Error("IncorrectState", "The image '\(image.id)' is disabled and cannot be shared.")
            }
            if !image.isPublic, add.contains(where: { $0.group == .all }) {
                try transaction.checkPublicImagesAllowed()
            }
            if !add.isEmpty {
                try transaction.checkSharable(image, withEverybody: add.contains { $0.group == .all })
            }
            for permission in add { try change(permission, of: &image, to: true) }
            for permission in remove { try change(permission, of: &image, to: false) }
        }
        transaction.put(image)
        return Operation.Output()
    }

    private static func change(
        _ permission: EC2.LaunchPermission, of image: inout ImageRecord, to isAllowed: Bool
    ) throws(EC2Error) {
        guard permission.organizationARN == nil, permission.organizationalUnitARN == nil else {
            throw .unsupported("Sharing images with organizations is not supported.")
        }
        if permission.group == .all { image.isPublic = isAllowed }
        guard let text = permission.userID else {
            guard permission.group != nil else { throw .missingParameter("LaunchPermission.UserId or Group") }
            return
        }
        guard let user = AccountID(text) else {
            throw EC2Error(
                "InvalidAMIAttributeItemValue", "Invalid attribute item value \"\(text)\" for userId item type.")
        }
        if isAllowed { image.launchPermissions.insert(user) } else { image.launchPermissions.remove(user) }
    }
}

/// What a request changes, in whichever of the two ways it says so.
private enum ImageChange {
    case description(String)
    case requireTokens
    case launchPermission(add: [EC2.LaunchPermission], remove: [EC2.LaunchPermission])

    init(_ input: EC2.ModifyImageAttributeRequest) throws(EC2Error) {
        guard input.productCodes.isEmpty else { throw .unsupported("Product codes are not supported.") }
        let said = [input.description != nil, input.imdsSupport != nil, input.launchPermission != nil]
        guard said.count(where: { $0 }) <= 1 else {
            throw .invalidParameterCombination("Only one attribute can be modified at a time")
        }
        if let value = input.description {
            self = .description(value.value ?? "")
        } else if let value = input.imdsSupport {
            self = try .imds(value.value)
        } else if let change = input.launchPermission {
            self = .launchPermission(add: change.add, remove: change.remove)
        } else {
            self = try ImageChange(older: input)
        }
    }

    /// `Attribute` with `Value`, or with `OperationType` and lists.
    private init(older input: EC2.ModifyImageAttributeRequest) throws(EC2Error) {
        switch input.attribute {
        case "description": self = .description(input.value ?? "")
        case "imdsSupport": self = try .imds(input.value)
        case "launchPermission", nil: self = try ImageChange(permissions: input)
        case let name?:
            throw .invalidParameterValue(
                name: "Attribute", value: name, reason: "Expected: description, imdsSupport or launchPermission.")
        }
    }

    private init(permissions input: EC2.ModifyImageAttributeRequest) throws(EC2Error) {
        var changes = input.userIDs.map { EC2.LaunchPermission(userID: $0) }
        for group in input.userGroups {
            guard let known = EC2.PermissionGroup(rawValue: group) else {
                throw EC2Error(
                    "InvalidAMIAttributeItemValue",
                    "Invalid attribute item value \"\(group)\" for userGroup item type.")
            }
            changes.append(EC2.LaunchPermission(group: known))
        }
        changes += input.organizationARNs.map { EC2.LaunchPermission(organizationARN: $0) }
        changes += input.organizationalUnitARNs.map { EC2.LaunchPermission(organizationalUnitARN: $0) }
        guard !changes.isEmpty else { throw .missingParameter("LaunchPermission, Description or ImdsSupport") }
        switch input.operationType {
        case .add: self = .launchPermission(add: changes, remove: [])
        case .remove: self = .launchPermission(add: [], remove: changes)
        case nil: throw .missingParameter("OperationType")
        }
    }

    /// Once an image asks for tokens it cannot be made not to.
    private static func imds(_ text: String?) throws(EC2Error) -> ImageChange {
        guard text == EC2.ImdsSupportValues.v2_0.rawValue else {
            throw .invalidParameterValue(name: "ImdsSupport", value: text ?? "", reason: "Expected: v2.0.")
        }
        return .requireTokens
    }
}
