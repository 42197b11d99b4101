// What instances can be filtered by.
// Source: EC2 API Reference, "DescribeInstances".

import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// An instance with the settings that its shown properties follow from.
struct InstanceView: Sendable {
    let versioned: Versioned<InstanceRecord>
    let settings: CloudSettings
    var instance: InstanceRecord { versioned.record }
}

enum InstanceFilters {
    typealias Values = FilterTable<InstanceView>.Values

    static func select(
        _ instances: [Versioned<InstanceRecord>], by filters: [EC2.Filter], in transaction: Transaction
    ) throws(EC2Error) -> [Versioned<InstanceRecord>] {
        guard !filters.isEmpty else { return instances }
        let settings = transaction.settings
        let views = instances.map { InstanceView(versioned: $0, settings: settings) }
        return try table.select(views, by: filters, in: transaction.state).map(\.versioned)
    }

    private static let table = FilterTable<InstanceView>(
        [
            ownColumns, placeColumns, imageColumns, optionColumns, mappingColumns, addressColumns, absentColumns,
            InstanceInterfaceFilters.columns,
        ].reduce(into: [:]) { all, columns in all.merge(columns) { first, _ in first } },
        tags: { $0.instance.tags })

    private static func one(_ value: @escaping @Sendable (InstanceRecord) -> String?) -> Values {
        { view, _ in value(view.instance).map { [$0] } ?? [] }
    }

    private static let ownColumns: [String: Values] = [
        "architecture": one { $0.architecture.rawValue },
        "client-token": one { $0.clientToken },
        "ebs-optimized": one { "\($0.isEBSOptimized)" },
        "image-id": one { $0.image.description },
        "instance-id": one { $0.id.description },
        "instance-state-code": one { "\($0.state.code)" },
        "instance-lifecycle": one { $0.spot == nil ? nil : "spot" },
        "spot-instance-request-id": one { $0.spot?.request.description },
        "instance-state-name": one { $0.state.rawValue },
        "instance-type": one { $0.instanceType },
        "key-name": one { $0.keyName },
        "launch-index": one { "\($0.launchIndex)" },
        "launch-time": one { $0.launchTime.description },
        "monitoring-state": one { EC2.Monitoring(of: $0).state?.rawValue },
        "operator.managed": one { _ in "false" },
        "owner-id": one { $0.account.description },
        "reason": one { $0.transitionReason },
        "reservation-id": one { $0.reservation.description },
        "root-device-name": one { $0.rootDeviceName },
        "state-reason-code": one { $0.stateReason?.code },
        "state-reason-message": one { $0.stateReason?.message },
        "usage-operation-update-time": one { $0.createdAt.description },
    ]

    private static let placeColumns: [String: Values] = [
        "availability-zone": one { $0.availabilityZone },
        "availability-zone-id": { view, _ in
            view.settings.zoneID(ofZone: view.instance.availabilityZone).map { [$0] } ?? []
        },
        "placement-group-name": one { $0.groupPlace?.name },
        "placement-partition-number": one { $0.groupPlace?.partition.map { "\($0)" } },
        "subnet-id": one { $0.state == .terminated ? nil : $0.subnet.description },
        "tenancy": one { $0.tenancy.rawValue },
        "vpc-id": one { $0.state == .terminated ? nil : $0.vpc.description },
    ]

    private static func shown(_ value: @escaping @Sendable (EC2.Instance) -> String?) -> Values {
        { view, state in value(EC2.Instance(imageOf: view.instance, in: state)).map { [$0] } ?? [] }
    }

    private static let imageColumns: [String: Values] = [
        "boot-mode": shown { $0.bootMode?.rawValue },
        "current-instance-boot-mode": shown { $0.currentInstanceBootMode?.rawValue },
        "ena-support": shown { $0.enaSupport.map { "\($0)" } },
        "hypervisor": shown { $0.hypervisor?.rawValue },
        "platform": shown { $0.platform },
        "platform-details": shown { $0.platformDetails },
        "root-device-type": shown { $0.rootDeviceType?.rawValue },
        "tpm-support": shown { $0.tpmSupport },
        "usage-operation": shown { $0.usageOperation },
        "virtualization-type": shown { $0.virtualizationType?.rawValue },
    ]

    private static let optionColumns: [String: Values] = [
        "capacity-reservation-id": one { $0.capacityReservation?.description },
        "capacity-reservation-specification.capacity-reservation-preference": one {
            $0.capacityReservationTarget == nil ? $0.capacityReservationPreference : nil
        },
        "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id": one {
            $0.capacityReservationTarget?.description
        },
        "enclave-options.enabled": one { "\($0.enclaves)" },
        "hibernation-options.configured": one { "\($0.hibernates)" },
        "maintenance-options.auto-recovery": one { $0.autoRecovery },
        "metadata-options.http-endpoint": one { $0.metadataOptions.isEnabled ? "enabled" : "disabled" },
        "metadata-options.http-protocol-ipv4": one { $0.metadataOptions.isEnabled ? "enabled" : "disabled" },
        "metadata-options.http-protocol-ipv6": one { _ in "disabled" },
        "metadata-options.http-put-response-hop-limit": one { "\($0.metadataOptions.hopLimit)" },
        "metadata-options.http-tokens": one { $0.metadataOptions.requiresToken ? "required" : "optional" },
        "metadata-options.instance-metadata-tags": one { $0.metadataOptions.showsTags ? "enabled" : "disabled" },
        "metadata-options.state": one { _ in "applied" },
        "network-performance-options.bandwidth-weighting": one { _ in "default" },
        "private-dns-name-options.enable-resource-name-dns-a-record": one { "\($0.resourceNameDNSA)" },
        "private-dns-name-options.enable-resource-name-dns-aaaa-record": one { "\($0.resourceNameDNSAAAA)" },
        "private-dns-name-options.hostname-type": one { $0.hostNameType },
    ]

    private static func mapped(_ value: @escaping @Sendable (InstanceMapping) -> String) -> Values {
        { view, state in state.mappings(of: view.instance).map(value) }
    }

    private static let mappingColumns: [String: Values] = [
        "block-device-mapping.attach-time": mapped { $0.attachment.attachedAt.description },
        "block-device-mapping.delete-on-termination": mapped { "\($0.attachment.deleteOnTermination)" },
        "block-device-mapping.device-name": mapped { $0.attachment.deviceName },
        "block-device-mapping.status": mapped { $0.attachment.state.rawValue },
        "block-device-mapping.volume-id": mapped { $0.volume.id.description },
    ]

    private static func primary(
        _ values: @escaping @Sendable (NetworkInterfaceRecord, CloudState, CloudSettings) -> [String]
    ) -> Values {
        { view, state in
            state.interfaces(of: view.instance.id).first.map { values($0, state, view.settings) } ?? []
        }
    }

    private static let addressColumns: [String: Values] = [
        "dns-name": primary { interface, state, settings in
            interface.publicMapping(in: state, settings)?.dnsName.map { [$0] } ?? []
        },
        "instance.group-id": primary { interface, _, _ in interface.groups.map(\.description) },
        "instance.group-name": primary { interface, state, _ in
            interface.groups.compactMap { state.securityGroups[$0]?.name }
        },
        "ip-address": primary { interface, state, settings in
            interface.publicMapping(in: state, settings).map { ["\($0.publicAddress)"] } ?? []
        },
        "private-dns-name": primary { interface, state, settings in
            guard let address = interface.primaryAddress,
                let instance = (interface.attachment?.instance).flatMap({ state.instances[$0] })
            else { return [] }
            return [instance.privateDNSName(at: address, in: settings)]
        },
        "private-ip-address": primary { interface, _, _ in interface.primaryAddress.map { ["\($0)"] } ?? [] },
        "source-dest-check": primary { interface, _, _ in ["\(interface.sourceDestinationCheck)"] },
    ]

    /// Properties that no instance here has.
    private static let absentColumns = Dictionary(
        uniqueKeysWithValues: [
            "affinity",
            "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
            "host-id", "iam-instance-profile.arn", "iam-instance-profile.id", "iam-instance-profile.name",
            "ipv6-address", "kernel-id", "operator.principal", "outpost-arn", "product-code", "product-code.type",
            "ramdisk-id", "requester-id",
        ].map { ($0, { _, _ in [] } as Values) })
}

extension NetworkInterfaceRecord {
    /// What stands for the primary address.
    func publicMapping(in state: CloudState, _ settings: CloudSettings) -> PublicMapping? {
        addresses.first.flatMap { PublicMapping(of: $0, on: self, in: state, settings) }
    }
}
