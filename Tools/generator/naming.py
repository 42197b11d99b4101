"""How names of AWS's model become Swift names.

Types keep the model's name. Members and enum cases are lower camel case; words that are acronyms have one case
throughout: `InstanceId` -> `instanceID`, `PrivateIpAddresses` -> `privateIPAddresses`, `VpcId` -> `vpcID`.
"""

import re

ACRONYMS = {
    word.lower(): word
    for word in """
    ACL ACLs AMI AMIs API ARN ARNs AWS AZ AZs BIOS CIDR CIDRs CPU CPUs DHCP DNS DNS64 EBS ECS EFA EIP ENA ENI FPGA
    FPGAs GPU GPUs HTTP HTTPS IAM ID IDs IGW IMDS IMDSv2 IOPS IP IPs IPAM IPv4 IPv6 KMS NAT NVMe OS S3 SEV SNP SQL SSD
    SSH SSM TCP TLS TPM TTL UDP UEFI URI URL URLs VGW VGWs VPC VPCs VPN
    """.split()
}

# Lowercase words that may not be used bare as an identifier.
KEYWORDS = set(
    """as associatedtype await break case catch class continue default defer deinit do else enum extension fallthrough
    false fileprivate for func guard if import in init inout internal is let nil operator precedencegroup private
    protocol public repeat rethrows return self static struct subscript super switch throw throws true try typealias
    var where while""".split()
)

# Types that generated code mentions, and words Swift keeps for itself.
RESERVED_TYPES = set(
    """Any Array Bool Boolean CaseIterable DocumentNode DocumentReadable Double Equatable Int JSONWritable JSONWriter
    Optional Operation Pattern Protocol QueryNode QueryOperation QueryReadable QueryWritable QueryWriter RESTAnswer
    RESTOperation RESTWritable Refusal Self Sendable Set String TextPattern Timestamp Type UInt8 WireError XMLWritable XMLWriter""".split()
)

# `.none` and `.some` of an enum are mistaken for those of an optional.
AMBIGUOUS_CASES = {"none": "noneValue", "some": "someValue"}

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")


def words(name):
    """`Ipv6CidrBlock` -> [`Ipv6`, `Cidr`, `Block`]; anything but letters and digits parts words."""
    return WORD.findall(name)


def lower_camel(name):
    parts = words(name)
    if not parts:
        raise SystemExit(f"generate: no word in the name {name!r}")
    text = parts[0].lower()
    for part in parts[1:]:
        if text[-1].isdigit() and part[0].isdigit():
            text += "_"
        text += ACRONYMS.get(part.lower(), part[0].upper() + part[1:])
    return text


def escaped(identifier):
    return f"`{identifier}`" if identifier in KEYWORDS else identifier


def member_name(name):
    return lower_camel(name)


def case_name(value):
    """An enum value's case: `shutting-down` -> `shuttingDown`, `VPC_DEFAULT` -> `vpcDefault`, `2.0` -> `value2_0`."""
    shouting = value.upper() == value
    name = lower_camel(value.lower() if shouting else value)
    if name[0].isdigit():
        name = "value" + name
    return AMBIGUOUS_CASES.get(name, name)


def type_name(name):
    swift = name[0].upper() + name[1:]
    return swift + "Value" if swift in RESERVED_TYPES else swift
