// What clients ask for, resources called by names of the client's own; and the requests that say so.

import AWSWire
import CloudTypes

enum Operation: Sendable, Equatable {
    struct Launch: Sendable, Equatable {
        var name: String
        var count = 1
        var subnet: String?
        var group: String?
        var terminatesItself = false
        /// Besides the root: a volume that outlives the instance, and one that does not.
        var hasMoreVolumes = false
        /// With an encrypted root, beside which its memory may be saved.
        var hibernates = false
        /// The launch template that image and type come from.
        var template: String?
        /// The placement group.
        var placement: String?
        /// The reservation that it is to run in; nil: any open one.
        var reservation: String?
        var isSpot = false
    }

    case launch(Launch)
    case stop(String, Shutdown = .graceful)
    case start(String)
    case reboot(String)
    case terminate(String, Shutdown = .graceful)
    case tag(String, key: String, value: String)
    /// Of CPU credits: `unlimited`, or `standard`.
    case changeCredits(String, isUnlimited: Bool)
    case createVPC(String, block: String)
    case createSubnet(String, vpc: String, block: String)
    case createGateway(String)
    case attach(gateway: String, vpc: String)
    case detach(gateway: String, vpc: String)
    case createTable(String, vpc: String)
    case createRoute(table: String, gateway: String)
    case associateTable(String, subnet: String)
    case createGroup(String, vpc: String?)
    case authorize(String, port: Int)
    case revoke(String, port: Int)
    case allocateAddress(String)
    case associate(address: String, instance: String)
    case disassociate(String)
    case release(String)
    /// An image of the instance, for which its guest is off for a while, or is not.
    case createImage(String, instance: String, reboots: Bool, isKept: Bool = false)
    case copyImage(String, of: String)
    /// One that is kept goes to the recycle bin.
    case deregisterImage(String)
    case restoreImage(String)
    /// The first state of the root again; the text tells one such request from another.
    case replaceRoot(String, instance: String)
    /// One that is kept goes to the recycle bin when it is deleted.
    case createSnapshot(String, of: String, isKept: Bool = false)
    /// One of each volume of the instance: the first has the name, the second the name and `/2`.
    case createSnapshots(String, instance: String, count: Int)
    case copySnapshot(String, of: String)
    case lockSnapshot(String)
    case unlockSnapshot(String)
    case restoreSnapshot(String)
    /// In the zone where volumes are made.
    case enableFastRestore(String)
    case disableFastRestore(String)
    /// In the zone where instances are launched that name no subnet.
    /// One that is shared may be on several instances at once.
    case createVolume(String, size: Int, isShared: Bool = false)
    case createVolumeOf(String, snapshot: String, size: Int)
    case copyVolume(String, of: String, size: Int)
    case attachVolume(String, instance: String, device: String)
    /// A shared volume is detached from an instance that is named.
    case detachVolume(String, from: String? = nil, force: Bool = false)
    /// It goes with the instance, where that is the last that has it.
    case endVolume(String, with: String, device: String)
    case growVolume(String, size: Int)
    /// New volumes and copies are encrypted from now on.
    case encryptByDefault
    /// With the key of this id.
    case chooseKey(String)
    case delete(Kind, String)
    case capacity(CapacityOperation)
    case eventWindow(EventWindowOperation)

    enum Kind: String, Sendable, CaseIterable {
        case vpc, subnet, gateway, table, group, volume, snapshot, template, placementGroup

        var action: String {
            switch self {
            case .vpc: "DeleteVpc"
            case .subnet: "DeleteSubnet"
            case .gateway: "DeleteInternetGateway"
            case .table: "DeleteRouteTable"
            case .group: "DeleteSecurityGroup"
            case .volume: "DeleteVolume"
            case .snapshot: "DeleteSnapshot"
            case .template: "DeleteLaunchTemplate"
            case .placementGroup: "DeletePlacementGroup"
            }
        }

        var parameter: String {
            switch self {
            case .vpc: "VpcId"
            case .subnet: "SubnetId"
            case .gateway: "InternetGatewayId"
            case .table: "RouteTableId"
            case .group: "GroupId"
            case .volume: "VolumeId"
            case .snapshot: "SnapshotId"
            case .template: "LaunchTemplateId"
            case .placementGroup: "GroupName"
            }
        }
    }

    enum Shutdown: Sendable, CaseIterable {
        case graceful, forced, skipped, hibernated

        var parameters: [(String, String)] {
            switch self {
            case .graceful: []
            case .forced: [("Force", "true")]
            case .skipped: [("SkipOsShutdown", "true")]
            case .hibernated: [("Hibernate", "true")]
            }
        }
    }

    /// The refusals that a client takes for success, if it had asked before and was not answered.
    var codesOfDone: Set<String> {
        switch self {
        case .createImage, .copyImage: ["InvalidAMIName.Duplicate"]
        case .deregisterImage: ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"]
        case .attach: ["Resource.AlreadyAssociated"]
        case .detach: ["Gateway.NotAttached"]
        case .createRoute: ["RouteAlreadyExists"]
        case .authorize: ["InvalidPermission.Duplicate"]
        case .revoke: ["InvalidPermission.NotFound"]
        case .disassociate: ["InvalidAssociationID.NotFound"]
        case .release: ["InvalidAllocationID.NotFound"]
        case .delete(let kind, _):
            switch kind {
            case .vpc: ["InvalidVpcID.NotFound"]
            case .subnet: ["InvalidSubnetID.NotFound"]
            case .gateway: ["InvalidInternetGatewayID.NotFound"]
            case .table: ["InvalidRouteTableID.NotFound"]
            case .group: ["InvalidGroup.NotFound"]
            case .volume: ["InvalidVolume.NotFound"]
            case .snapshot: ["InvalidSnapshot.NotFound"]
            case .template: ["InvalidLaunchTemplateId.NotFound"]
            case .placementGroup: ["InvalidPlacementGroup.Unknown"]
            }
        case .eventWindow(let operation): operation.codesOfDone
        // The client looks whether it was its own request.
        case .attachVolume, .detachVolume, .endVolume, .growVolume, .unlockSnapshot, .restoreSnapshot, .restoreImage,
            .disableFastRestore, .capacity:
            []
        case .launch, .stop, .start, .reboot, .terminate, .tag, .changeCredits, .createVPC, .createSubnet,
            .createGateway,
            .createTable, .associateTable, .createGroup, .allocateAddress, .associate, .createVolume, .createVolumeOf,
            .copyVolume,
            .replaceRoot,
            .createSnapshot, .createSnapshots, .copySnapshot, .lockSnapshot, .enableFastRestore, .encryptByDefault,
            .chooseKey:
            []
        }
    }

    /// The name that the operation makes something under, where no token makes it safe to repeat, and the element that
    /// tells its id.
    var made: (name: String, element: String)? {
        switch self {
        case .createVPC(let name, _): (name, "vpcId")
        case .createSubnet(let name, _, _): (name, "subnetId")
        case .createGateway(let name): (name, "internetGatewayId")
        case .createTable(let name, _): (name, "routeTableId")
        case .createGroup(let name, _): (name, "groupId")
        case .allocateAddress(let name): (name, "allocationId")
        case .createVolume(let name, _, _), .createVolumeOf(let name, _, _), .copyVolume(let name, _, _):
            (name, "volumeId")
        case .createSnapshot(let name, _, _), .createSnapshots(let name, _, _), .copySnapshot(let name, _):
            (name, "snapshotId")
        case .capacity(let operation): operation.made
        case .eventWindow(let operation): operation.made
        case .launch, .stop, .start, .reboot, .terminate, .tag, .changeCredits, .attach, .detach, .createRoute,
            .associateTable,
            .authorize,
            .revoke, .associate, .disassociate, .release, .attachVolume, .detachVolume, .endVolume, .growVolume,
            .delete,
            .createImage, .copyImage, .deregisterImage, .restoreImage, .replaceRoot, .lockSnapshot, .unlockSnapshot,
            .restoreSnapshot, .enableFastRestore, .disableFastRestore, .encryptByDefault, .chooseKey:
            nil
        }
    }
}

extension Operation {
    /// Whether it may be asked for again without looking for what it has made.
    var hasToken: Bool { if case .capacity(let operation) = self { operation.hasToken } else { false } }
}

/// A request under way to its bytes.
struct Form {
    private var parameters: [(String, String)]

    init(_ action: String, _ parameters: [(String, String)] = []) {
        self.parameters = [("Action", action), ("Version", "2016-11-15")] + parameters
    }

    /// A form that names what it makes, for the client to find it by.
    init(_ action: String, making name: String, _ type: String, _ parameters: [(String, String)] = []) {
        self.init(
            action,
            parameters + [
                ("TagSpecification.1.ResourceType", type), ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", name),
            ])
    }

    func adding(_ more: [(String, String)]) -> Form {
        var form = self
        form.parameters += more
        return form
    }

    func adding(_ ids: [String], as name: String) -> Form {
        adding(ids.enumerated().map { ("\(name).\($0 + 1)", $1) })
    }

    /// The values used here need no escaping but for what is named.
    var request: QueryRequest {
        get throws {
            let text = parameters.map { "\($0)=\($1.replacing("/", with: "%2F"))" }.joined(separator: "&")
            return try QueryRequest(body: Array(text.utf8))
        }
    }
}
