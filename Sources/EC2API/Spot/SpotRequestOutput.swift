// A spot instance request as EC2 shows it.
// Source: EC2 API Reference, "SpotInstanceRequest".

import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

extension SpotRequestRecord {
    func product(in state: CloudState) -> EC2.RIProductDescription {
        let image = wish.launch["ImageId"].flatMap { ImageID($0) }.flatMap { state.images[$0] }
        return image?.platform == "windows" ? .windows : .linuxUNIX
    }

    /// What was said, else the price on demand.
    fileprivate func mostPerHour(_ prices: PriceTable) -> Double? {
        if let price = wish.mostPerHour { return price }
        return wish.launch["InstanceType"].flatMap { InstanceTypeCatalogue.facts(of: $0) }.map { prices.onDemand($0) }
    }
}

extension EC2.SpotInstanceRequest {
    init(_ request: SpotRequestRecord, in transaction: Transaction) throws(EC2Error) {
        let (state, settings) = (transaction.state, transaction.settings)
        let status = request.status
        let instance = request.instance.flatMap { state.instances[$0] }
        self.init(
            createTime: request.createdAt, instanceID: request.instance?.description,
            launchedAvailabilityZone: instance?.availabilityZone,
            launchedAvailabilityZoneID: instance.flatMap { settings.zoneID(ofZone: $0.availabilityZone) },
            productDescription: request.product(in: state), spotInstanceRequestID: request.id.description,
            spotPrice: request.mostPerHour(settings.prices).map(SpotText.text),
            state: EC2.SpotInstanceState(rawValue: request.state.rawValue),
            status: EC2.SpotInstanceStatus(
                code: status.code, message: status.message, updateTime: status.updatedAt),
            tags: EC2.Tag.list(request.tags), type: request.wish.isPersistent ? .persistent : .oneTime,
            validFrom: request.wish.validFrom, validUntil: request.wish.validUntil,
            instanceInterruptionBehavior: EC2.InstanceInterruptionBehavior(rawValue: request.wish.behavior.rawValue))
        if request.state == .failed {
            fault = EC2.SpotInstanceStateFault(code: status.code, message: status.message)
        }
        do {
            let launch = try EC2.RunInstancesRequest(parameters: request.wish.launch)
            launchSpecification = EC2.LaunchSpecification(launch, in: state)
        } catch {
            throw .internalError(logged: "spot request \(request.id) cannot be read: \(error)")
        }
    }
}

extension EC2.LaunchSpecification {
    init(_ launch: EC2.RunInstancesRequest, in state: CloudState) {
        let ids = launch.securityGroupIDs.compactMap { SecurityGroupID($0) }
        let named = launch.securityGroups.map { EC2.GroupIdentifier(groupName: $0) }
        self.init(
            userData: launch.userData.map(Base64.encode), blockDeviceMappings: launch.blockDeviceMappings,
            ebsOptimized: launch.ebsOptimized, iamInstanceProfile: launch.iamInstanceProfile,
            imageID: launch.imageID, instanceType: launch.instanceType, kernelID: launch.kernelID,
            keyName: launch.keyName, networkInterfaces: launch.networkInterfaces,
            placement: launch.placement.map { placement in
                EC2.SpotPlacement(
                    availabilityZone: placement.availabilityZone, groupName: placement.groupName,
                    tenancy: placement.tenancy, availabilityZoneID: placement.availabilityZoneID)
            },
            ramdiskID: launch.ramdiskID, subnetID: launch.subnetID,
            securityGroups: EC2.GroupIdentifier.list(ids, in: state) + named,
            monitoring: EC2.RunInstancesMonitoringEnabled(enabled: launch.monitoring?.enabled ?? false))
    }
}
