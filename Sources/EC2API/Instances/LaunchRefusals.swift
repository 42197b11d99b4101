// What RunInstances knows on AWS and this cloud cannot obey; values that ask for nothing are let through.

import AWSWire
import CloudTypes

enum LaunchRefusals {
    /// - Throws: `UnsupportedOperation` for the first member that cannot be obeyed.
    static func refuseUnserved(_ input: EC2.RunInstancesRequest) throws(EC2Error) {
        try refuseOtherServices(input)
        try refuseHardware(input)
        try refusePlacement(input.placement)
        try UnservedMembers.refuse(
            [
                "Ipv6AddressCount": (input.ipv6AddressCount ?? 0) > 0, "Ipv6Address": !input.ipv6Addresses.isEmpty,
                "EnablePrimaryIpv6": input.enablePrimaryIPv6 == true,
                "MetadataOptions.HttpProtocolIpv6": input.metadataOptions?.httpProtocolIPv6 == .enabled,
                "PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord":
                    input.privateDNSNameOptions?.enableResourceNameDNSAAAARecord == true,
            ], because: UnservedMembers.noIPv6)
    }

    private static func refuseOtherServices(_ input: EC2.RunInstancesRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["IamInstanceProfile": input.iamInstanceProfile != nil], because: "it has no instance profiles.")
        try UnservedMembers.refuse(
            ["LicenseSpecification": !input.licenseSpecifications.isEmpty], because: "it has no license manager.")
        try UnservedMembers.refuse(
            ["Operator": input.operator != nil], because: "no service manages instances here.")
        try UnservedMembers.refuse(
            ["AdditionalInfo": input.additionalInfo?.isEmpty == false], because: "AWS reserves it for its own use.")
    }

    private static func refuseHardware(_ input: EC2.RunInstancesRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["EnclaveOptions.Enabled": input.enclaveOptions?.enabled == true], because: "instances have no enclaves.")
        try UnservedMembers.refuse(
            [
                "ElasticGpuSpecification": !input.elasticGPUSpecification.isEmpty,
                "ElasticInferenceAccelerator": !input.elasticInferenceAccelerators.isEmpty,
            ], because: "it has no accelerators.")
        try UnservedMembers.refuse(
            ["KernelId": input.kernelID != nil, "RamdiskId": input.ramdiskID != nil],
            because: "an image brings its own kernel.")
        try UnservedMembers.refuse(
            [
                "CpuOptions.AmdSevSnp": input.cpuOptions?.amdSEVSNP == .enabled,
                "CpuOptions.NestedVirtualization": input.cpuOptions?.nestedVirtualization == .enabled,
                "NetworkPerformanceOptions.BandwidthWeighting":
                    ![nil, .default].contains(input.networkPerformanceOptions?.bandwidthWeighting),
                "SecondaryInterface": !input.secondaryInterfaces.isEmpty,
            ], because: "its hardware has no such setting.")
    }

    private static func refusePlacement(_ placement: EC2.Placement?) throws(EC2Error) {
        guard let placement else { return }
        try UnservedMembers.refuse(
            [
                "Placement.Tenancy": placement.tenancy == .host,
                "Placement.HostId": placement.hostID != nil,
                "Placement.Affinity": ![nil, "default"].contains(placement.affinity),
                "Placement.HostResourceGroupArn": placement.hostResourceGroupARN != nil,
            ], because: UnservedMembers.noDedicatedHosts)
        try UnservedMembers.refuse(
            ["Placement.SpreadDomain": placement.spreadDomain?.isEmpty == false],
            because: "AWS reserves it for its own use.")
    }
}
