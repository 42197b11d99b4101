import CloudTypes
import ControlPlane
import Testing

@Suite("The figures of a volume")
struct VolumeFigureTests {
    private func code(_ figures: VolumeFigures) -> String? {
        do throws(EC2Error) {
            _ = try figures.checked()
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "reach to the limits of their type and not beyond",
        arguments: [
            ("gp3", 1, 65_536), ("gp2", 1, 16_384), ("io1", 4, 16_384), ("io2", 4, 65_536), ("st1", 125, 16_384),
            ("sc1", 125, 16_384), ("standard", 1, 1_024),
        ])
    func sizes(type: String, least: Int, most: Int) {
        let iops = type.hasPrefix("io") ? 100 : nil
        for (size, expected) in [(least, nil), (most, nil), (least - 1, "InvalidParameterValue")] {
            #expect(code(VolumeFigures(volumeType: type, sizeGiB: size, iops: iops)) == expected)
        }
        #expect(code(VolumeFigures(volumeType: type, sizeGiB: most + 1, iops: iops)) == "InvalidParameterValue")
    }

    @Test(
        "are IOPS in proportion to the size",
        arguments: [
            ("gp3", 160, 80_000, nil), ("gp3", 159, 80_000, "InvalidParameterValue"), ("gp3", 1, 3_000, nil),
            ("gp3", 500, 80_001, "InvalidParameterValue"), ("gp3", 10, 2_999, "InvalidParameterValue"),
            ("io1", 4, 200, nil), ("io1", 4, 201, "InvalidParameterValue"), ("io1", 4, 99, "InvalidParameterValue"),
            ("io2", 256, 256_000, nil), ("io2", 4, 4_001, "InvalidParameterValue"),
            ("gp2", 10, 100, "InvalidParameterCombination"), ("st1", 125, 500, "InvalidParameterCombination"),
        ] as [(String, Int, Int, String?)])
    func iops(type: String, size: Int, iops: Int, expected: String?) {
        #expect(code(VolumeFigures(volumeType: type, sizeGiB: size, iops: iops)) == expected)
    }

    @Test(
        "are throughput in proportion to the IOPS, of gp3 alone",
        arguments: [
            ("gp3", 3_000, 750, nil), ("gp3", 3_000, 751, "InvalidParameterValue"), ("gp3", 8_000, 2_000, nil),
            ("gp3", 80_000, 2_001, "InvalidParameterValue"), ("gp3", 3_000, 124, "InvalidParameterValue"),
            ("io2", 3_000, 125, "InvalidParameterCombination"),
        ] as [(String, Int, Int, String?)])
    func throughput(type: String, iops: Int, throughput: Int, expected: String?) {
        let figures = VolumeFigures(volumeType: type, sizeGiB: 1_000, iops: iops, throughput: throughput)
        #expect(code(figures) == expected)
    }

    @Test("need IOPS where the type is provisioned, and a type that there is")
    func missing() {
        #expect(code(VolumeFigures(volumeType: "io1", sizeGiB: 10)) == "MissingParameter")
        #expect(code(VolumeFigures(volumeType: "gp9", sizeGiB: 10)) == "InvalidParameterValue")
    }
}

@Suite("Names of devices")
struct DeviceNameTests {
    @Test("are those of drives", arguments: ["/dev/sda1", "/dev/sdf", "/dev/xvda", "xvdba", "/dev/hdb", "/dev/sdf15"])
    func fine(name: String) { #expect(throws: Never.self) { try DeviceNames.check(name) } }

    @Test(
        "are nothing else",
        arguments: [
            "", "/dev/", "/dev/sd", "/dev/sda123", "/dev/nvme0n1", "/dev/sdabc", "/dev/../sda", "sd1", "/dev/sdÄ",
        ])
    func refused(name: String) { #expect(throws: EC2Error.self) { try DeviceNames.check(name) } }
}
