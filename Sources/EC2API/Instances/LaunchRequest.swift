// From a RunInstances request to a launch order: every text parsed, what cannot be obeyed refused.
// Source: EC2 API Reference, "RunInstances".

import AWSWire
import CloudTypes
import ControlPlane

extension LaunchOrder {
    /// - Throws: `MissingParameter`, `InvalidParameterValue`, `InvalidParameterCombination`, `…Malformed`,
    ///   `UnsupportedOperation` for what this cloud cannot obey.
    init(_ input: EC2.RunInstancesRequest, in transaction: Transaction) throws(EC2Error) {
        try LaunchRefusals.refuseUnserved(input)
        let image = try Lookup.id(input.imageID, named: "ImageId", ImageKind.self)
        self.init(image: image, instanceType: input.instanceType ?? "m1.small", counts: try LaunchOrder.counts(input))
        keyName = input.keyName
        zone = try PlacementText.zone(input.placement, in: transaction.settings)
        group = try PlacementText.group(input.placement)
        tenancy = input.placement?.tenancy == .dedicated ? .dedicated : .default
        clientToken = input.clientToken
        userData = try UserDataText.checked(input.userData)
        interfaces = try LaunchInterfaces.interfaces(of: input)
        blockDevices = try LaunchMappings.mappings(of: input.blockDeviceMappings, in: transaction)
        metadataOptions = try MetadataWish(input.metadataOptions)
        attributes = try Attributes(input)
        spot = try SpotWish(input, in: transaction)
        try takeTags(input.tagSpecifications, limit: transaction.settings.quotas.tagsPerResource)
    }

    private static func counts(_ input: EC2.RunInstancesRequest) throws(EC2Error) -> ClosedRange<Int> {
        guard input.minCount >= 1 else {
            throw .invalidParameterValue(
                name: "minCount", value: "\(input.minCount)", reason: "Minimum count must be at least 1.")
        }
        guard input.maxCount >= input.minCount else {
            throw .invalidParameterValue(
                name: "maxCount", value: "\(input.maxCount)",
                reason: "Maximum count must be greater than or equal to the minimum count.")
        }
        return input.minCount...input.maxCount
    }

    private mutating func takeTags(_ specifications: [EC2.TagSpecification], limit: Int) throws(EC2Error) {
        let types: Set = ["instance", "volume", "network-interface", "spot-instances-request"]
        instanceTags = try TagSpecifications.tags(specifications, for: "instance", allowed: types, limit: limit)
        spotRequestTags = try TagSpecifications.tags(
            specifications, for: "spot-instances-request", allowed: types, limit: limit)
        volumeTags = try TagSpecifications.tags(specifications, for: "volume", allowed: types, limit: limit)
        interfaceTags = try TagSpecifications.tags(
            specifications, for: "network-interface", allowed: types, limit: limit)
    }
}

extension LaunchOrder.MetadataWish {
    init(_ input: EC2.InstanceMetadataOptionsRequest?) throws(EC2Error) {
        self.init()
        guard let input else { return }
        if let limit = input.httpPutResponseHopLimit { try MetadataOptionsText.check(hopLimit: limit) }
        isEnabled = input.httpEndpoint.map { $0 == .enabled }
        requiresToken = input.httpTokens.map { $0 == .required }
        hopLimit = input.httpPutResponseHopLimit
        showsTags = input.instanceMetadataTags.map { $0 == .enabled }
    }
}

extension LaunchOrder.Attributes {
    init(_ input: EC2.RunInstancesRequest) throws(EC2Error) {
        self.init()
        disableAPITermination = input.disableAPITermination ?? false
        disableAPIStop = input.disableAPIStop ?? false
        shutdownBehavior = input.instanceInitiatedShutdownBehavior == .terminate ? .terminate : .stop
        isEBSOptimized = input.ebsOptimized ?? false
        monitoring = input.monitoring?.enabled ?? false
        coreCount = input.cpuOptions?.coreCount
        threadsPerCore = input.cpuOptions?.threadsPerCore
        if let options = input.cpuOptions, (options.coreCount == nil) != (options.threadsPerCore == nil) {
            throw .missingParameter(options.coreCount == nil ? "CpuOptions.CoreCount" : "CpuOptions.ThreadsPerCore")
        }
        creditSpecification = try CreditText.checked(input.creditSpecification?.cpuCredits)
        hibernates = input.hibernationOptions?.configured ?? false
        autoRecovery = input.maintenanceOptions?.autoRecovery?.rawValue ?? "default"
        hostNames = HostNameWish(
            type: input.privateDNSNameOptions?.hostnameType?.rawValue,
            answersForResourceName: input.privateDNSNameOptions?.enableResourceNameDNSARecord)
        let reservations = try ReservationText.checked(input.capacityReservationSpecification)
        capacityReservationPreference = reservations.preference ?? "open"
        capacityReservationTarget = reservations.target
    }
}
