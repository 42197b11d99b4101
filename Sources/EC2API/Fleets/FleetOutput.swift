// Fleets as EC2 shows them.
// Source: EC2 API Reference, "FleetData", "CreateFleetInstance".

import AWSWire
import CloudTypes
import ControlPlane

extension FleetRecord {
    /// Of an instant fleet always that: all that it asks for is asked for once.
    var activityStatus: EC2.FleetActivityStatus { .fulfilled }

    /// A deleted fleet is gone when the last of its instances is.
    func shownState(in records: CloudState) -> EC2.FleetStateCode {
        guard state == .deletedTerminating else { return .active }
        let isGone = instances.allSatisfy { records.instances[$0].map { $0.state == .terminated } ?? true }
        return isGone ? .deleted : .deletedTerminating
    }
}

extension EC2.FleetData {
    init(_ fleet: FleetRecord, in state: CloudState) throws(EC2Error) {
        let request = LaunchParameters(fleet.request)
        self.init(
            activityStatus: fleet.activityStatus, createTime: fleet.createdAt, fleetID: fleet.id.description,
            fleetState: fleet.shownState(in: state), clientToken: fleet.clientToken,
            excessCapacityTerminationPolicy: EC2.FleetExcessCapacityTerminationPolicy(
                rawValue: fleet.request["ExcessCapacityTerminationPolicy"] ?? "termination"),
            fulfilledCapacity: fleet.fulfilled(), fulfilledOnDemandCapacity: fleet.fulfilled(.onDemand),
            targetCapacitySpecification: try request["TargetCapacitySpecification"].map(read),
            terminateInstancesWithExpiration: false, type: .instant, replaceUnhealthyInstances: false,
            spotOptions: try request["SpotOptions"].map(read),
            onDemandOptions: try request["OnDemandOptions"].map(read), tags: EC2.Tag.list(fleet.tags))
        for configuration in request["LaunchTemplateConfigs"]?.elements ?? [] {
            launchTemplateConfigs.append(try read(configuration))
        }
        for failure in fleet.failures { errors.append(try EC2.DescribeFleetError(failure)) }
        for launch in fleet.launches { instances.append(try EC2.DescribeFleetsInstances(launch, in: state)) }
    }
}

/// A part of a request that was kept, as the answer's structure of the same members.
private func read<Shape: QueryReadable>(_ kept: LaunchParameters) throws(EC2Error) -> Shape {
    do {
        return try Shape(parameters: kept.parameters)
    } catch {
        throw .internalError(logged: "a fleet's request cannot be read: \(error)")
    }
}

extension EC2.InstanceLifecycle {
    init(_ market: FleetRecord.Market) {
        switch market {
        case .onDemand: self = .onDemand
        case .spot: self = .spot
        }
    }
}

extension EC2.CreateFleetError {
    init(_ failure: FleetRecord.Failure) throws(EC2Error) {
        self.init(
            launchTemplateAndOverrides: try read(LaunchParameters(failure.source)),
            lifecycle: EC2.InstanceLifecycle(failure.market), errorCode: failure.code, errorMessage: failure.message)
    }
}

extension EC2.DescribeFleetError {
    init(_ failure: FleetRecord.Failure) throws(EC2Error) {
        self.init(
            launchTemplateAndOverrides: try read(LaunchParameters(failure.source)),
            lifecycle: EC2.InstanceLifecycle(failure.market), errorCode: failure.code, errorMessage: failure.message)
    }
}

extension EC2.CreateFleetInstance {
    init(_ launch: FleetRecord.Launch, in state: CloudState) throws(EC2Error) {
        self.init(
            launchTemplateAndOverrides: try read(LaunchParameters(launch.source)),
            lifecycle: EC2.InstanceLifecycle(launch.market), instanceIDs: launch.instances.map(\.description),
            instanceType: launch.instanceType, platform: launch.platform(in: state))
    }
}

extension EC2.DescribeFleetsInstances {
    init(_ launch: FleetRecord.Launch, in state: CloudState) throws(EC2Error) {
        self.init(
            launchTemplateAndOverrides: try read(LaunchParameters(launch.source)),
            lifecycle: EC2.InstanceLifecycle(launch.market), instanceIDs: launch.instances.map(\.description),
            instanceType: launch.instanceType, platform: launch.platform(in: state))
    }
}

extension FleetRecord.Launch {
    fileprivate func platform(in state: CloudState) -> String? {
        instances.first.flatMap { state.instances[$0] }.flatMap { state.images[$0.image] }?.platform
    }
}
