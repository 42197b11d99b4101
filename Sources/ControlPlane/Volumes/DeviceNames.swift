// The names by which callers attach volumes.
// Source: EC2 User Guide, "Device names for volumes on Amazon EC2 instances".

package import CloudTypes

package enum DeviceNames {
    /// `/dev/sda1`, `/dev/sdf`, `/dev/xvdba`, `xvdf`.
    ///
    /// - Throws: `InvalidParameterValue`.
    package static func check(_ name: String) throws(EC2Error) {
        let short = name.hasPrefix("/dev/") ? name.dropFirst(5) : name[...]
        let drive = ["xvd", "sd", "hd"].first { short.hasPrefix($0) }.map { short.dropFirst($0.count) }
        let letters = drive?.prefix { ("a"..."z").contains($0) } ?? ""
        let digits = drive?.dropFirst(letters.count) ?? ""
        let isFine =
            (1...2).contains(letters.count) && digits.count <= 2
            && digits.allSatisfy { ("0"..."9").contains($0) }
        guard isFine else {
            throw .invalidParameterValue(
                name: "device", value: name, reason: "\(name) is not a valid EBS device name.")
        }
    }
}
