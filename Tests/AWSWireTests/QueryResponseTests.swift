import AWSWire
import CloudTypes
import Testing

private let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

@Suite("Envelopes of the query protocols")
struct QueryResponseTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    private func text(_ answer: ByteRope) -> String { text(answer.bytes) }

    @Test("EC2 puts the request's id before the members")
    func ec2() {
        let answer = QueryResponse.success(
            EC2.Operation.GetEbsEncryptionByDefault.self,
            EC2.GetEbsEncryptionByDefaultResult(ebsEncryptionByDefault: false), requestID: "r-1")
        #expect(
            text(answer) == declaration
                + "<GetEbsEncryptionByDefaultResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
                + "<requestId>r-1</requestId><ebsEncryptionByDefault>false</ebsEncryptionByDefault>"
                + "</GetEbsEncryptionByDefaultResponse>")
    }

    @Test("an operation without a result answers true, and so does one whose result only says so")
    func nothing() {
        let answer = text(QueryResponse.success(EC2.Operation.DeleteVpc.self, NoResult(), requestID: "r-1"))
        #expect(answer.contains("<requestId>r-1</requestId><return>true</return></DeleteVpcResponse>"))
        #expect(written { EC2.DeleteSecurityGroupResult().write(to: &$0) } == "<return>true</return>")
    }

    @Test("an answer that was kept is put into a new envelope")
    func kept() {
        let output = EC2.KeyPair(keyName: "k", keyMaterial: "a&b")
        let body = Array(written { output.write(to: &$0) }.utf8)
        #expect(
            text(QueryResponse.success(EC2.Operation.CreateKeyPair.self, body: body, requestID: "r-2"))
                == text(QueryResponse.success(EC2.Operation.CreateKeyPair.self, output, requestID: "r-2")))
    }

    @Test("EC2's errors have no namespace")
    func ec2Error() {
        let answer = QueryResponse.failure(EC2Error("A.B", "x < y"), of: EC2.service, requestID: "r-1")
        #expect(
            text(answer) == declaration
                + "<Response><Errors><Error><Code>A.B</Code><Message>x &lt; y</Message></Error></Errors>"
                + "<RequestID>r-1</RequestID></Response>")
    }

    @Test("the AWS query protocol wraps results and keeps the request's id apart")
    func query() {
        let answer = QueryResponse.success(
            STS.Operation.GetCallerIdentity.self,
            STS.GetCallerIdentityResponse(userID: "u", account: "123456789012", arn: "arn:aws:iam::123456789012:root"),
            requestID: "r-1")
        #expect(
            text(answer) == declaration
                + "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                + "<GetCallerIdentityResult><UserId>u</UserId><Account>123456789012</Account>"
                + "<Arn>arn:aws:iam::123456789012:root</Arn></GetCallerIdentityResult>"
                + "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>")
    }

    @Test("its errors say who is to blame", arguments: [(400, "Sender"), (403, "Sender"), (500, "Receiver")])
    func queryError(status: Int, type: String) {
        let answer = QueryResponse.failure(
            EC2Error("Code", "text", httpStatus: status), of: STS.service, requestID: "r-1")
        #expect(
            text(answer) == declaration
                + "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>\(type)</Type>"
                + "<Code>Code</Code><Message>text</Message></Error><RequestId>r-1</RequestId></ErrorResponse>")
    }
}
