// What a launch is asked with, as a tree of parameters by their names on the wire, and how one is laid over another.
// What lies above wins member by member; block devices, network interfaces and tags are matched by what names them.
// Source: EC2 API Reference, "RunInstances", "LaunchTemplate"; User Guide, "Launch instances using a launch template".

struct LaunchParameters: Equatable {
    private var value: String?
    private var members: [String: LaunchParameters] = [:]

    init(_ parameters: [String: String] = [:]) {
        for (name, value) in parameters { put(value, at: name.split(separator: ".")[...]) }
    }

    private mutating func put(_ value: String, at path: ArraySlice<Substring>) {
        guard let first = path.first else { return self.value = value }
        members[String(first), default: LaunchParameters()].put(value, at: path.dropFirst())
    }

    /// By dotted name.
    var parameters: [String: String] {
        var all: [String: String] = [:]
        collect("", into: &all)
        return all
    }

    private func collect(_ path: String, into all: inout [String: String]) {
        if let value { all[path] = value }
        for (name, member) in members { member.collect(path.isEmpty ? name : "\(path).\(name)", into: &all) }
    }

    subscript(name: String) -> LaunchParameters? {
        get { members[name] }
        set { members[name] = newValue }
    }

    /// Gives the member another name.
    mutating func rename(_ name: String, to other: String) {
        if let member = members.removeValue(forKey: name) { members[other] = member }
    }

    /// The elements of a list in their order.
    var elements: [LaunchParameters] {
        members.compactMap { name, member in Int(name).map { ($0, member) } }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    init(elements: [LaunchParameters]) {
        for (position, element) in elements.enumerated() { members["\(position + 1)"] = element }
    }

    /// These parameters where the others say nothing.
    func overlaid(with above: LaunchParameters) -> LaunchParameters { overlaid(with: above, at: "") }

    /// The members named above in place of these, whole.
    func replaced(by above: LaunchParameters) -> LaunchParameters {
        var result = self
        for (name, member) in above.members { result.members[name] = member }
        return result
    }

    private func overlaid(with above: LaunchParameters, at path: String) -> LaunchParameters {
        var result = self
        for alternatives in LaunchParameters.alternatives[path] ?? []
        where above.members.keys.contains(where: alternatives.contains) {
            for name in alternatives where above.members[name] == nil { result.members[name] = nil }
        }
        for (name, member) in above.members {
            let below = path.isEmpty ? name : "\(path).\(name)"
            let own = result.members[name] ?? LaunchParameters()
            if let key = LaunchParameters.keys[below] {
                result.members[name] = own.matched(with: member, by: key, at: below)
            } else if member.isList {
                result.members[name] = member
            } else {
                result.members[name] = own.overlaid(with: member, at: below)
            }
        }
        if let value = above.value { result.value = value }
        return result
    }

    private var isList: Bool { !members.isEmpty && members.keys.allSatisfy { Int($0) != nil } }

    /// Elements of the same key are one; those that only one list has are taken as they are.
    private func matched(with above: LaunchParameters, by key: String, at path: String) -> LaunchParameters {
        var result = elements
        for element in above.elements {
            if let place = result.firstIndex(where: { $0[key]?.value == element[key]?.value }) {
                result[place] = result[place].overlaid(with: element, at: path)
            } else {
                result.append(element)
            }
        }
        return LaunchParameters(elements: result)
    }

    /// Lists whose elements are told apart by a member.
    private static let keys = [
        "BlockDeviceMapping": "DeviceName", "NetworkInterface": "DeviceIndex", "TagSpecification": "ResourceType",
        "TagSpecification.Tag": "Key",
    ]

    /// Members of which one speaks for all.
    private static let alternatives: [String: [Set<String>]] = [
        "": [["SecurityGroup", "SecurityGroupId"]],
        "BlockDeviceMapping": [["Ebs", "NoDevice", "VirtualName"]],
        "IamInstanceProfile": [["Arn", "Name"]],
        "NetworkInterface": [["PrivateIpAddress", "PrivateIpAddresses"]],
        "Placement": [["AvailabilityZone", "AvailabilityZoneId"], ["GroupName", "GroupId"]],
    ]
}
