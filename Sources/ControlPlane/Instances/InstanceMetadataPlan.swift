// From an instance's records to what its metadata service tells.

package import CloudTypes
internal import InstanceTypeCatalogue
package import NodeContract

extension InstanceMetadata {
    package init(of instance: InstanceRecord, in state: CloudState, settings: CloudSettings) {
        let records = state.networkInterfaces.all(where: IndexKey(.instance, instance.id))
            .sorted { ($0.attachment?.deviceIndex ?? 0) < ($1.attachment?.deviceIndex ?? 0) }
        let interfaces = records.compactMap { Interface(of: $0, in: state, settings: settings) }
        self.init(
            instance: instance.id, account: instance.account, region: settings.region,
            availabilityZone: instance.availabilityZone,
            availabilityZoneID: settings.zones.first { $0.name == instance.availabilityZone }?.id ?? "",
            image: instance.image, instanceType: instance.instanceType, architecture: instance.architecture,
            reservation: instance.reservation, launchIndex: instance.launchIndex, launchTime: instance.launchTime,
            hostName: records.first?.primaryAddress.map { instance.privateDNSName(at: $0, in: settings) } ?? "",
            domain: settings.internalDomain, interfaces: interfaces)
        publicHostName = interfaces.first?.publicHostName
        options = instance.metadataOptions
        (userData, keyName, publicKey) = (instance.userData, instance.keyName, instance.publicKey)
        instanceProfileARN = instance.instanceProfileARN
        (groupName, partition) = (instance.groupPlace?.name, instance.groupPlace?.partition)
        system = InstanceTypeCatalogue.facts(of: instance.instanceType)?.hypervisor
        (kernelID, ramdiskID) = (instance.kernelID, instance.ramdiskID)
        tags = options.showsTags ? instance.tags : [:]
        blockDevices = InstanceMetadata.blockDevices(of: instance, in: state)
        events = (instance.events ?? []).map { MaintenanceEvent($0) }
        if instance.hibernates { hibernates = true }
        guard let spot = instance.spot else { return }
        lifeCycle = "spot"
        notice = spot.interruption.map {
            SpotNotice(action: spot.behavior.rawValue, due: $0.due, noticedAt: $0.noticedAt)
        }
    }

    /// `ami` and `root`, then the other EBS volumes as `ebs1`, `ebs2` by device name, and the instance store's that were
    /// mapped; NVMe ones have no names here.
    private static func blockDevices(of instance: InstanceRecord, in state: CloudState) -> [String: String] {
        let root = instance.rootDeviceName
        var devices = ["ami": shortName(root), "root": root]
        let others = state.volumes.all(where: IndexKey(.instance, instance.id))
            .flatMap { $0.attachments.filter { $0.instance == instance.id }.map(\.deviceName) }
            .filter { $0 != root }.sorted()
        for (place, device) in others.enumerated() { devices["ebs\(place + 1)"] = device }
        for disk in GuestSpec.scratch(of: instance, percent: 1) where !disk.isNVMe {
            let device = instance.instanceStoreDevices?.first { $0.value == disk.index }?.key
            devices["ephemeral\(disk.index)"] = device.map(shortName)
        }
        return devices
    }

    /// `sdb` of `/dev/sdb`
    private static func shortName(_ device: String) -> String {
        device.hasPrefix("/dev/") ? String(device.dropFirst("/dev/".count)) : device
    }
}

extension InstanceMetadata.Interface {
    init?(of record: NetworkInterfaceRecord, in state: CloudState, settings: CloudSettings) {
        guard let vpc = state.vpcs[record.vpc], let subnet = state.subnets[record.subnet] else { return nil }
        let addresses = record.addresses.map { address in
            VPCNetwork.Address(
                privateAddress: address.privateAddress,
                publicAddress: state.publicAddress(of: record, privateAddress: address.privateAddress))
        }
        self.init(
            id: record.id, macAddress: record.macAddress, deviceIndex: record.attachment?.deviceIndex ?? 0,
            vpc: vpc.id, vpcBlocks: [vpc.cidrBlock], subnet: subnet.id, subnetBlock: subnet.cidrBlock,
            addresses: addresses, groupNames: record.groups.map { state.securityGroups[$0]?.name ?? "" },
            groups: record.groups,
            hostName: record.primaryAddress.map { "ip-\($0.dashed).\(settings.internalDomain)" } ?? "",
            publicHostName: vpc.enableDNSHostnames
                ? addresses.first?.publicAddress.map { "ec2-\($0.dashed).\(settings.publicDomain)" } : nil)
    }
}

extension CloudState {
    /// The Elastic IP that is associated with the private address, else the auto-assigned public one.
    package func publicAddress(
        of interface: NetworkInterfaceRecord, privateAddress: IPv4Address
    ) -> IPv4Address? {
        let elastic = addresses.all(where: IndexKey(.interface, interface.id))
            .first { $0.association?.privateAddress == privateAddress }
        return elastic?.publicAddress
            ?? interface.addresses.first { $0.privateAddress == privateAddress }?.autoPublicAddress
    }
}

extension InstanceMetadata.MaintenanceEvent {
    fileprivate init(_ event: InstanceEvent) {
        self.init(
            id: event.id.description, code: event.code.rawValue, description: event.shownDescription,
            notBefore: event.notBefore, notAfter: event.notAfter, state: event.state.rawValue)
    }
}
