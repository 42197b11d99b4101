// Everything that the instance metadata service may tell a guest about itself.
// Source: Amazon EC2 User Guide, "Instance metadata categories".

package import CloudTypes

package struct InstanceMetadata: Sendable, Equatable, Codable {
    package var instance: InstanceID
    package var account: AccountID
    package var region: String
    package var availabilityZone: String
    package var availabilityZoneID: String
    package var image: ImageID
    package var instanceType: String
    package var architecture: Architecture
    package var reservation: ReservationID
    package var launchIndex: Int
    package var launchTime: Timestamp
    /// `on-demand` or `spot`.
    package var lifeCycle: String
    package var options: Options
    package var userData: [UInt8]?
    package var keyName: String?
    /// One line in OpenSSH's form.
    package var publicKey: String?
    package var hostName: String
    package var publicHostName: String?
    package var domain: String
    /// Device names by role: `ami`, `root`, `ebs1`, `ephemeral0`.
    package var blockDevices: [String: String]
    /// The primary one first.
    package var interfaces: [Interface]
    /// Shown only where the options say so.
    package var tags: [String: String]
    package var instanceProfileARN: String?
    /// The placement group's name, and the instance's partition of it; nil: none.
    package var groupName: String?
    package var partition: Int?
    /// What the instance type runs on: `nitro` or `xen`.
    package var system: String?
    package var kernelID: String?
    package var ramdiskID: String?
    /// Of a spot instance that is about to be taken away.
    package var notice: SpotNotice?
    /// What is to come and what came lately; nil: none.
    package var events: [MaintenanceEvent]?
    /// Whether it was launched to hibernate; nil: no.
    package var hibernates: Bool?

    package struct MaintenanceEvent: Sendable, Equatable, Codable {
        package var id: String
        package var code: String
        package var description: String
        package var notBefore: Timestamp
        package var notAfter: Timestamp?
        /// `active`, `completed` or `canceled`.
        package var state: String
        package init(
            id: String, code: String, description: String, notBefore: Timestamp, notAfter: Timestamp?, state: String
        ) {
            (self.id, self.code, self.description) = (id, code, description)
            (self.notBefore, self.notAfter, self.state) = (notBefore, notAfter, state)
        }
    }

    package struct SpotNotice: Sendable, Equatable, Codable {
        /// `terminate` or `stop`.
        package var action: String
        package var due: Timestamp
        package var noticedAt: Timestamp
        package init(action: String, due: Timestamp, noticedAt: Timestamp) {
            (self.action, self.due, self.noticedAt) = (action, due, noticedAt)
        }
    }

    package struct Options: Sendable, Equatable, Codable {
        package var isEnabled = true
        package var requiresToken = true
        /// 1...64
        package var hopLimit = 2
        package var showsTags = false
        package init() {}
    }

    package struct Interface: Sendable, Equatable, Codable {
        package var id: NetworkInterfaceID
        package var macAddress: MACAddress
        package var deviceIndex: Int
        package var vpc: VPCID
        package var vpcBlocks: [CIDRBlock]
        package var subnet: SubnetID
        package var subnetBlock: CIDRBlock
        package var addresses: [VPCNetwork.Address]
        /// Names and ids in the same order.
        package var groupNames: [String]
        package var groups: [SecurityGroupID]
        package var hostName: String
        package var publicHostName: String?

        package init(
            id: NetworkInterfaceID, macAddress: MACAddress, deviceIndex: Int, vpc: VPCID, vpcBlocks: [CIDRBlock],
            subnet: SubnetID, subnetBlock: CIDRBlock, addresses: [VPCNetwork.Address], groupNames: [String],
            groups: [SecurityGroupID], hostName: String, publicHostName: String?
        ) {
            (self.id, self.macAddress, self.deviceIndex) = (id, macAddress, deviceIndex)
            (self.vpc, self.vpcBlocks, self.subnet, self.subnetBlock) = (vpc, vpcBlocks, subnet, subnetBlock)
            (self.addresses, self.groupNames, self.groups) = (addresses, groupNames, groups)
            (self.hostName, self.publicHostName) = (hostName, publicHostName)
        }
    }

    package init(
        instance: InstanceID, account: AccountID, region: String, availabilityZone: String,
        availabilityZoneID: String, image: ImageID, instanceType: String, architecture: Architecture,
        reservation: ReservationID, launchIndex: Int, launchTime: Timestamp, hostName: String, domain: String,
        interfaces: [Interface]
    ) {
        (self.instance, self.account, self.region) = (instance, account, region)
        (self.availabilityZone, self.availabilityZoneID) = (availabilityZone, availabilityZoneID)
        (self.image, self.instanceType, self.architecture) = (image, instanceType, architecture)
        (self.reservation, self.launchIndex, self.launchTime) = (reservation, launchIndex, launchTime)
        (self.hostName, self.domain, self.interfaces) = (hostName, domain, interfaces)
        (lifeCycle, options, blockDevices, tags) = ("on-demand", Options(), [:], [:])
    }
}
