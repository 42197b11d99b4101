// An instance as EC2 shows it.
// Source: EC2 API Reference, "Instance".

import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import NodeContract

extension EC2.Instance {
    init(_ instance: InstanceRecord, in state: CloudState, _ settings: CloudSettings) {
        let image = state.images[instance.image]
        self.init()
        describe(instance, image, settings)
        describeImage(image, of: instance)
        describeOptions(instance)
        describeProcessors(instance)
        if instance.state != .terminated { describeParts(of: instance, in: state, settings) }
    }

    /// Only what the image brings.
    init(imageOf instance: InstanceRecord, in state: CloudState) {
        self.init()
        describeImage(state.images[instance.image], of: instance)
    }

    private mutating func describe(_ instance: InstanceRecord, _ image: ImageRecord?, _ settings: CloudSettings) {
        instanceID = instance.id.description
        imageID = instance.image.description
        state = EC2.InstanceState(instance.state)
        stateReason = instance.stateReason.map { EC2.StateReason(code: $0.code, message: $0.message) }
        stateTransitionReason = instance.transitionReason
        (keyName, amiLaunchIndex, instanceType) = (instance.keyName, instance.launchIndex, instance.instanceType)
        (launchTime, usageOperationUpdateTime) = (instance.launchTime, instance.createdAt)
        placement = EC2.Placement(
            availabilityZoneID: settings.zoneID(ofZone: instance.availabilityZone),
            groupName: instance.groupPlace?.name ?? "", partitionNumber: instance.groupPlace?.partition,
            tenancy: EC2.Tenancy(instance.tenancy), groupID: instance.groupPlace?.group.description,
            availabilityZone: instance.availabilityZone)
        monitoring = EC2.Monitoring(of: instance)
        clientToken = instance.clientToken ?? ""
        ebsOptimized = instance.isEBSOptimized
        rootDeviceName = instance.rootDeviceName
        tags = EC2.Tag.list(instance.tags)
        instanceLifecycle = instance.spot == nil ? nil : .spot
        spotInstanceRequestID = instance.spot?.request.description
        (privateDNSName, publicDNSName) = ("", "")
        self.operator = EC2.OperatorResponse(managed: false)
    }

    private mutating func describeImage(_ image: ImageRecord?, of instance: InstanceRecord) {
        architecture = EC2.ArchitectureValues(rawValue: instance.architecture.rawValue)
        hypervisor = .xen
        virtualizationType = image.flatMap { EC2.VirtualizationType(rawValue: $0.virtualizationType) } ?? .hvm
        rootDeviceType = image?.rootDeviceType == .instanceStore ? .instanceStore : .ebs
        enaSupport = image?.enaSupport ?? true
        sriovNetSupport = image?.sriovNetSupport
        platform = image?.platform
        platformDetails = image?.platformDetails ?? "Linux/UNIX"
        usageOperation = image?.usageOperation ?? "RunInstances"
        tpmSupport = image?.tpmSupport
        bootMode = image?.bootMode.flatMap { EC2.BootModeValues(rawValue: $0) }
        currentInstanceBootMode = instance.bootMode.flatMap { EC2.InstanceBootModeValues(rawValue: $0) }
    }

    private mutating func describeOptions(_ instance: InstanceRecord) {
        capacityReservationSpecification = EC2.CapacityReservationSpecificationResponse(
            capacityReservationPreference: instance.capacityReservationTarget == nil
                ? EC2.CapacityReservationPreference(rawValue: instance.capacityReservationPreference) : nil,
            capacityReservationTarget: instance.capacityReservationTarget.map {
                EC2.CapacityReservationTargetResponse(capacityReservationID: $0.description)
            })
        capacityReservationID = instance.capacityReservation?.description
        hibernationOptions = EC2.HibernationOptions(configured: instance.hibernates)
        enclaveOptions = EC2.EnclaveOptions(enabled: instance.enclaves)
        metadataOptions = EC2.InstanceMetadataOptionsResponse(of: instance, state: .applied)
        privateDNSNameOptions = EC2.PrivateDnsNameOptionsResponse(
            hostnameType: EC2.HostnameType(rawValue: instance.hostNameType),
            enableResourceNameDNSARecord: instance.resourceNameDNSA,
            enableResourceNameDNSAAAARecord: instance.resourceNameDNSAAAA)
        maintenanceOptions = EC2.InstanceMaintenanceOptions(
            autoRecovery: EC2.InstanceAutoRecoveryState(rawValue: instance.autoRecovery),
            rebootMigration: EC2.InstanceRebootMigrationState(rawValue: instance.rebootMigration ?? "default"))
        networkPerformanceOptions = EC2.InstanceNetworkPerformanceOptions(bandwidthWeighting: .default)
    }

    /// What was asked for, else what the type has.
    private mutating func describeProcessors(_ instance: InstanceRecord) {
        let facts = InstanceTypeCatalogue.facts(of: instance.instanceType)
        cpuOptions = EC2.CpuOptions(
            coreCount: instance.coreCount ?? facts?.cores ?? instance.vCPUs,
            threadsPerCore: instance.threadsPerCore ?? facts?.threadsPerCore ?? 1)
    }

    private mutating func describeParts(
        of instance: InstanceRecord, in state: CloudState, _ settings: CloudSettings
    ) {
        (vpcID, subnetID) = (instance.vpc.description, instance.subnet.description)
        blockDeviceMappings = state.mappings(of: instance).map { EC2.InstanceBlockDeviceMapping($0, of: instance) }
        let interfaces = state.interfaces(of: instance.id)
        networkInterfaces = interfaces.map { EC2.InstanceNetworkInterface($0, in: state, settings) }
        guard let primary = interfaces.first, let address = primary.addresses.first else { return }
        securityGroups = EC2.GroupIdentifier.list(primary.groups, in: state)
        sourceDestCheck = primary.sourceDestinationCheck
        privateIPAddress = address.privateAddress.description
        privateDNSName = instance.privateDNSName(at: address.privateAddress, in: settings)
        guard let mapping = PublicMapping(of: address, on: primary, in: state, settings) else { return }
        publicIPAddress = mapping.publicAddress.description
        publicDNSName = mapping.dnsName ?? ""
    }
}

extension EC2.InstanceState {
    init(_ state: ControlPlane.InstanceState) {
        self.init(code: state.code, name: EC2.InstanceStateName(rawValue: state.rawValue))
    }
}

extension EC2.Monitoring {
    /// Detailed monitoring begins when the instance runs.
    init(of instance: InstanceRecord) {
        self.init(state: !instance.monitoring ? .disabled : instance.state == .pending ? .pending : .enabled)
    }
}

extension EC2.InstanceMetadataOptionsResponse {
    init(of instance: InstanceRecord, state: EC2.InstanceMetadataOptionsState) {
        let options = instance.metadataOptions
        self.init(
            state: state, httpTokens: options.requiresToken ? .required : .optional,
            httpPutResponseHopLimit: options.hopLimit, httpEndpoint: options.isEnabled ? .enabled : .disabled,
            httpProtocolIPv6: .disabled, instanceMetadataTags: options.showsTags ? .enabled : .disabled)
    }
}
