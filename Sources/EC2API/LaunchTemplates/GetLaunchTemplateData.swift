import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `GetLaunchTemplateData`: what a template would have to say for a launch like that of the instance.
enum GetLaunchTemplateData: RecordAction {
    typealias Operation = EC2.Operation.GetLaunchTemplateData

    static func perform(
        _ input: EC2.GetLaunchTemplateDataRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetLaunchTemplateDataResult {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        guard instance.state != .terminated else { throw .notFound(instance.id) }
        return EC2.GetLaunchTemplateDataResult(
            launchTemplateData: EC2.ResponseLaunchTemplateData(instance, in: transaction.state, transaction.settings))
    }
}

extension EC2.ResponseLaunchTemplateData {
    init(_ instance: InstanceRecord, in state: CloudState, _ settings: CloudSettings) {
        self.init(
            ebsOptimized: instance.isEBSOptimized,
            blockDeviceMappings: state.mappings(of: instance).map {
                EC2.LaunchTemplateBlockDeviceMapping($0, settings)
            },
            networkInterfaces: state.interfaces(of: instance.id).map {
                EC2.LaunchTemplateInstanceNetworkInterfaceSpecification($0)
            },
            imageID: instance.image.description, instanceType: instance.instanceType, keyName: instance.keyName,
            monitoring: EC2.LaunchTemplatesMonitoring(enabled: instance.monitoring),
            placement: EC2.LaunchTemplatePlacement(
                availabilityZone: instance.availabilityZone, groupName: instance.groupPlace?.name ?? "",
                tenancy: EC2.Tenancy(instance.tenancy), partitionNumber: instance.groupPlace?.partition),
            disableAPITermination: instance.disableAPITermination,
            instanceInitiatedShutdownBehavior: EC2.ShutdownBehavior(rawValue: instance.shutdownBehavior.rawValue),
            userData: instance.userData.map(Base64.encode))
        describeOptions(of: instance)
        describeMarket(of: instance, in: state)
        let own = instance.tags.filter { !$0.key.hasPrefix("aws:") }
        guard !own.isEmpty else { return }
        tagSpecifications = [EC2.LaunchTemplateTagSpecification(resourceType: "instance", tags: EC2.Tag.list(own))]
    }

    private mutating func describeMarket(of instance: InstanceRecord, in state: CloudState) {
        guard let spot = instance.spot else { return }
        instanceMarketOptions = EC2.LaunchTemplateInstanceMarketOptions(
            marketType: .spot,
            spotOptions: EC2.LaunchTemplateSpotMarketOptions(
                maxPrice: state.spotRequests[spot.request]?.wish.mostPerHour.map(SpotText.text),
                spotInstanceType: spot.isPersistent ? .persistent : .oneTime,
                instanceInterruptionBehavior: EC2.InstanceInterruptionBehavior(rawValue: spot.behavior.rawValue)))
    }

    private mutating func describeOptions(of instance: InstanceRecord) {
        let options = instance.metadataOptions
        creditSpecification = instance.creditSpecification.map { EC2.CreditSpecification(cpuCredits: $0) }
        if let cores = instance.coreCount, let threads = instance.threadsPerCore {
            cpuOptions = EC2.LaunchTemplateCpuOptions(coreCount: cores, threadsPerCore: threads)
        }
        capacityReservationSpecification = EC2.LaunchTemplateCapacityReservationSpecificationResponse(
            capacityReservationPreference: instance.capacityReservationTarget == nil
                ? EC2.CapacityReservationPreference(rawValue: instance.capacityReservationPreference) : nil,
            capacityReservationTarget: instance.capacityReservationTarget.map {
                EC2.CapacityReservationTargetResponse(capacityReservationID: $0.description)
            })
        hibernationOptions = EC2.LaunchTemplateHibernationOptions(configured: instance.hibernates)
        metadataOptions = EC2.LaunchTemplateInstanceMetadataOptions(
            state: .applied, httpTokens: options.requiresToken ? .required : .optional,
            httpPutResponseHopLimit: options.hopLimit, httpEndpoint: options.isEnabled ? .enabled : .disabled,
            httpProtocolIPv6: .disabled, instanceMetadataTags: options.showsTags ? .enabled : .disabled)
        enclaveOptions = EC2.LaunchTemplateEnclaveOptions(enabled: instance.enclaves)
        privateDNSNameOptions = EC2.LaunchTemplatePrivateDnsNameOptions(
            hostnameType: EC2.HostnameType(rawValue: instance.hostNameType),
            enableResourceNameDNSARecord: instance.resourceNameDNSA,
            enableResourceNameDNSAAAARecord: instance.resourceNameDNSAAAA)
        maintenanceOptions = EC2.LaunchTemplateInstanceMaintenanceOptions(
            autoRecovery: EC2.LaunchTemplateAutoRecoveryState(rawValue: instance.autoRecovery))
        disableAPIStop = instance.disableAPIStop
    }
}

extension EC2.LaunchTemplateBlockDeviceMapping {
    init(_ mapping: InstanceMapping, _ settings: CloudSettings) {
        let volume = mapping.volume
        self.init(
            deviceName: mapping.attachment.deviceName,
            ebs: EC2.LaunchTemplateEbsBlockDevice(
                encrypted: volume.isEncrypted, deleteOnTermination: mapping.attachment.deleteOnTermination,
                iops: VolumeTypeRules.all[volume.volumeType]?.iops == nil ? nil : volume.iops,
                kmsKeyID: volume.keyID.map { settings.arn(ofKey: $0, account: volume.account) },
                snapshotID: volume.shownSnapshot, volumeSize: volume.sizeGiB,
                volumeType: EC2.VolumeType(rawValue: volume.volumeType), throughput: volume.throughput))
    }
}

extension EC2.LaunchTemplateInstanceNetworkInterfaceSpecification {
    init(_ interface: NetworkInterfaceRecord) {
        let attachment = interface.attachment
        self.init(
            associatePublicIPAddress: attachment?.deviceIndex == 0 ? interface.wantsPublicAddress : nil,
            deleteOnTermination: attachment?.deleteOnTermination, description: interface.description,
            deviceIndex: attachment?.deviceIndex, groups: interface.groups.map(\.description),
            interfaceType: "interface", privateIPAddresses: [], subnetID: interface.subnet.description,
            networkCardIndex: 0)
    }
}
