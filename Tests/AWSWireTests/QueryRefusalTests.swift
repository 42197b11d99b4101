import AWSWire
import CloudTypes
import Testing

private typealias RunInstances = EC2.Operation.RunInstances
private typealias DescribeVpcs = EC2.Operation.DescribeVpcs
private typealias DescribeInstances = EC2.Operation.DescribeInstances

@Suite("Refusing a query request")
struct QueryRefusalTests {
    @Test("a required parameter that is absent or empty is missing", arguments: ["", "&KeyName="])
    func missing(form: String) {
        #expect(refusal(EC2.Operation.CreateKeyPair.self, form) == .missingParameter("KeyName"))
    }

    @Test("a required list without elements is missing")
    func missingList() {
        #expect(refusal(EC2.Operation.TerminateInstances.self, "") == .missingParameter("InstanceId"))
    }

    @Test("a member that a nested structure requires is named by its path")
    func missingNested() {
        #expect(
            refusal(
                EC2.Operation.ModifySecurityGroupRules.self,
                "GroupId=sg-1&SecurityGroupRule.3.SecurityGroupRule.ToPort=1")
                == .missingParameter("SecurityGroupRule.3.SecurityGroupRuleId"))
    }

    @Test(
        "surplus parameters are named as they were sent, at any depth",
        arguments: [
            ("Surplus=1", "Surplus"), ("imageid=x", "imageid"), ("ImageId.1=x", "ImageId.1"),
            ("SecurityGroupId=sg-1", "SecurityGroupId"), ("SecurityGroupId.x=1", "SecurityGroupId.x"),
            ("SecurityGroupId.1.y=1", "SecurityGroupId.1.y"), ("Placement=x", "Placement"),
            ("BlockDeviceMapping.01.Ebs.Colour=red", "BlockDeviceMapping.01.Ebs.Colour"), ("A..B=1", "A..B"),
            ("ImageId.a.b=1", "ImageId.a.b"),
        ])
    func surplus(form: String, name: String) {
        #expect(refusal(RunInstances.self, "MinCount=1&MaxCount=1&\(form)") == .unknownParameter(name))
    }

    @Test("an operation without parameters takes none")
    func none() {
        #expect(refusal(STS.Operation.GetCallerIdentity.self, "A=1") == .unknownParameter("A"))
    }

    @Test("what is no integer is refused", arguments: ["", "abc", "1.5", "99999999999999999999", "2147483648", "0x1"])
    func integers(value: String) throws {
        #expect(
            refusal(RunInstances.self, "MinCount=1&MaxCount=1&Ipv6AddressCount=\(value)")
                == .invalidValue(
                    parameter: "Ipv6AddressCount", value: value,
                    expected: .integer(atLeast: Int(Int32.min), atMost: Int(Int32.max))))
    }

    @Test("integers keep to the model's range", arguments: [4, 1001, -1])
    func ranges(value: Int) {
        #expect(
            refusal(DescribeVpcs.self, "MaxResults=\(value)")
                == .invalidValue(
                    parameter: "MaxResults", value: "\(value)", expected: .integer(atLeast: 5, atMost: 1000)))
    }

    @Test("Booleans, enums and base64 are checked")
    func values() {
        #expect(
            refusal(DescribeVpcs.self, "DryRun=maybe")
                == .invalidValue(parameter: "DryRun", value: "maybe", expected: .boolean))
        #expect(
            refusal(EC2.Operation.AllocateAddress.self, "Domain=x")
                == .invalidValue(parameter: "Domain", value: "x", expected: .oneOf(["vpc", "standard"])))
        #expect(
            refusal(RunInstances.self, "MinCount=1&MaxCount=1&UserData=%21")
                == .invalidValue(parameter: "UserData", value: "!", expected: .base64))
    }

    @Test("text and lists keep to the model's lengths")
    func lengths() {
        let long = String(repeating: "\u{e9}", count: 256)
        #expect(
            refusal(EC2.Operation.RegisterImage.self, "Name=n&Description=\(long)")
                == .invalidValue(
                    parameter: "Description", value: long, expected: .characters(atLeast: 0, atMost: 255)))
        let types = (1...101).map { "InstanceType.\($0)=t3.micro" }.joined(separator: "&")
        #expect(
            refusal(EC2.Operation.DescribeInstanceTypes.self, types)
                == .invalidValue(parameter: "InstanceType", value: "101 elements", expected: .elements(atMost: 100)))
    }

    @Test(
        "the same parameter twice is refused",
        arguments: [
            ("InstanceId.1=a&InstanceId.1=b", "InstanceId.1"), ("InstanceId.1=a&InstanceId.01=b", "InstanceId.01"),
            ("DryRun=true&DryRun=true", "DryRun"), ("Action=DescribeInstances", "Action"),
        ])
    func twice(form: String, name: String) {
        #expect(refusal(DescribeInstances.self, form) == .duplicateParameter(name))
    }

    @Test("a request may be only so large")
    func limits() {
        let limits = QueryLimits(parameters: 3, nameLength: 10, depth: 2)
        func refused(_ form: String) -> WireError? {
            do {
                _ = try QueryRequest(query: Array("A=1&B=2".utf8), body: Array(form.utf8), limits: limits)
                return nil
            } catch { return error }
        }
        #expect(refused("C=3") == nil)
        #expect(refused("C=3&D=4") == .tooManyParameters(limit: 3))
        #expect(refused("12345678901=1") == .parameterNameTooLong(limit: 10))
        #expect(refused("a.b.c=1") == .parameterTooDeep("a.b.c", limit: 2))
    }

    @Test(
        "each refusal has EC2's code and sentence",
        arguments: [
            (
                WireError.missingParameter("ImageId"), "MissingParameter",
                "The request must contain the parameter ImageId"
            ),
            (.unknownParameter("A.1"), "UnknownParameter", "The parameter A.1 is not recognized"),
            (
                .invalidValue(parameter: "UserData", value: "!", expected: .base64), "InvalidParameterValue",
                "Invalid BASE64 encoding of user data."
            ),
            (
                .invalidValue(parameter: "MaxResults", value: "4", expected: .integer(atLeast: 5, atMost: 1000)),
                "InvalidParameterValue", "Invalid value '4' for MaxResults. Expected an integer from 5 to 1000."
            ),
            (.duplicateParameter("A"), "MalformedQueryString", "The parameter A may only be specified once."),
            (.malformedEncoding(parameter: nil), "MalformedQueryString", "The query string contains a syntax error."),
        ])
    func sentences(error: WireError, code: String, message: String) {
        #expect(error.refusal(in: .ec2) == EC2Error(code, message))
        #expect(error.refusal(in: .awsQuery).message == message)
    }
}
