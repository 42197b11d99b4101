// The pools of a fleet: each template with each override of it, and each instance type that fits where attributes are asked.

import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import NodeContract

struct FleetPools {
    private(set) var pools: [FleetPool] = []
    /// Ways to launch that could not even be tried.
    private(set) var failures: [(source: [String: String], error: EC2Error)] = []

    private static let mostConfigurations = 50
    private static let mostOverrides = 300

    /// - Throws: what is wrong with the templates, `UnsupportedOperation`; what is wrong with one way to launch is among the failures.
    init(_ input: EC2.CreateFleetRequest, _ order: FleetOrder, in transaction: Transaction) throws(EC2Error) {
        let configurations = input.launchTemplateConfigs
        let count = configurations.reduce(0) { $0 + $1.overrides.count }
        guard configurations.count <= FleetPools.mostConfigurations, count <= FleetPools.mostOverrides else {
            throw .invalidParameterValue(
                "A fleet takes at most \(FleetPools.mostConfigurations) launch template configurations with "
                    + "\(FleetPools.mostOverrides) overrides in all.")
        }
        for configuration in configurations {
            guard let specification = configuration.launchTemplateSpecification else {
                throw .missingParameter("LaunchTemplateConfigs.LaunchTemplateSpecification")
            }
            guard let version = specification.version else {
                throw .missingParameter("LaunchTemplateConfigs.LaunchTemplateSpecification.Version")
            }
            let template = EC2.LaunchTemplateSpecification(
                launchTemplateID: specification.launchTemplateID,
                launchTemplateName: specification.launchTemplateName, version: version)
            guard let use = try LaunchTemplateUse(template, in: transaction) else { continue }
            try UnservedMembers.refuse(
                ["LaunchTemplateConfigs.Overrides.Placement": configuration.overrides.contains { $0.placement != nil }],
                because: "fleets place instances by zone and subnet.")
            let overrides = configuration.overrides.isEmpty ? [.init()] : configuration.overrides
            for override in overrides { add(use, specification, override, order, in: transaction) }
        }
    }

    private mutating func add(
        _ use: LaunchTemplateUse, _ specification: EC2.FleetLaunchTemplateSpecificationRequest,
        _ override: EC2.FleetLaunchTemplateOverridesRequest, _ order: FleetOrder, in transaction: Transaction
    ) {
        var source = LaunchParameters()
        source["LaunchTemplateSpecification"] = LaunchParameters(specification.parameters)
        source["Overrides"] = LaunchParameters(override.parameters)
        do throws(EC2Error) {
            let launch = try use.overridden(by: override)
            for facts in try FleetPools.types(launch, override, in: transaction) {
                var launch = launch
                launch["InstanceType"] = LaunchParameters(["": facts.name])
                pools.append(
                    FleetPool(
                        source: source.parameters, launch: launch.parameters, templateTags: use.tags, facts: facts,
                        weight: try FleetPools.weight(override, facts, order.unit), priority: override.priority,
                        price: 0, room: transaction.state.room(for: facts, transaction.settings)))
            }
        } catch {
            failures.append((source.parameters, error))
        }
    }

    /// The one type that is named, or those that have the attributes and run the image, the cheapest first.
    private static func types(
        _ launch: LaunchParameters, _ override: EC2.FleetLaunchTemplateOverridesRequest, in transaction: Transaction
    ) throws(EC2Error) -> [InstanceTypeFacts] {
        guard let wish = launch["InstanceRequirements"] else {
            let name = override.instanceType ?? launch["InstanceType"]?.parameters[""] ?? "m1.small"
            return [try transaction.instanceTypeFacts(name, for: nil)]
        }
        var wanted = try InstanceRequirements(try read(wish.parameters))
        if let image = launch["ImageId"]?.parameters[""].flatMap({ ImageID($0) }),
            let record = transaction.state.images[image]
        {
            wanted.architectures = [record.architecture.rawValue]
        }
        let prices = transaction.settings.prices
        return wanted.select(pricedBy: prices).sorted { prices.onDemand($0) < prices.onDemand($1) }
    }

    private static func read(_ parameters: [String: String]) throws(EC2Error) -> EC2.InstanceRequirementsRequest {
        do {
            return try EC2.InstanceRequirementsRequest(parameters: parameters)
        } catch {
            throw error.refusal(in: .ec2)
        }
    }

    private static func weight(
        _ override: EC2.FleetLaunchTemplateOverridesRequest, _ facts: InstanceTypeFacts,
        _ unit: EC2.TargetCapacityUnitType
    ) throws(EC2Error) -> Double {
        if let weight = override.weightedCapacity {
            guard weight > 0 else {
                throw .invalidParameterValue(
                    name: "WeightedCapacity", value: "\(weight)", reason: "A value above 0 is expected.")
            }
            return weight
        }
        switch unit {
        case .units: return 1
        case .vcpu: return Double(facts.vCPUs)
        case .memoryMib: return Double(facts.memoryMiB)
        }
    }
}

extension LaunchTemplateUse {
    /// The parameters of the template with an override of a fleet laid over them; a type that the override names stands for
    /// the attributes that the template wants, and the other way round.
    fileprivate func overridden(
        by override: EC2.FleetLaunchTemplateOverridesRequest
    ) throws(EC2Error) -> LaunchParameters {
        guard override.instanceType == nil || override.instanceRequirements == nil else {
            throw .invalidParameterCombination(
                "InstanceType and InstanceRequirements cannot be specified in the same override.")
        }
        var data = parameters
        if override.instanceType != nil { data["InstanceRequirements"] = nil }
        if override.instanceRequirements != nil { data["InstanceType"] = nil }
        var above = LaunchParameters(override.parameters)
        for name in ["MaxPrice", "WeightedCapacity", "Priority"] { above[name] = nil }
        for name in ["AvailabilityZone", "AvailabilityZoneId"] {
            guard let value = override.parameters[name] else { continue }
            above[name] = nil
            above["Placement"] = LaunchParameters([name: value])
        }
        if let subnet = override.subnetID, data["NetworkInterface"] != nil {
            above["SubnetId"] = nil
            above["NetworkInterface"] = LaunchParameters(["1.DeviceIndex": "0", "1.SubnetId": subnet])
        }
        return data.overlaid(with: above)
    }
}
