// The envelopes of the query protocols: an answer or a refusal as a whole XML document.
// Sources: EC2 API Reference, "Making API requests"; AWS query protocol of the service models.

package import CloudTypes

package enum QueryResponse {
    package static let contentType = "text/xml;charset=UTF-8"
    private static let declaration: StaticString = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

    /// - Parameter capacity: bytes the answer is expected to need.
    package static func success<Operation: QueryOperation>(
        _ operation: Operation.Type, _ output: Operation.Output, requestID: String, capacity: Int = 0
    ) -> ByteRope {
        var xml = XMLWriter(capacity: capacity)
        envelope(operation, requestID, &xml) { output.write(to: &$0) }
        return xml.finishShared()
    }

    /// An answer whose elements were written before.
    package static func success(
        _ operation: any QueryOperation.Type, body: [UInt8], requestID: String
    ) -> ByteRope {
        var xml = XMLWriter(capacity: body.count + 512)
        envelope(operation, requestID, &xml) { $0.verbatim(body) }
        return xml.finishShared()
    }

    private static func envelope(
        _ operation: any QueryOperation.Type, _ requestID: String, _ xml: inout XMLWriter,
        _ write: (inout XMLWriter) -> Void
    ) {
        let service = operation.service
        xml.verbatim(declaration)
        let name = operation.name
        xml.verbatim("<" as StaticString)
        xml.verbatim(name)
        xml.verbatim("Response xmlns=\"" as StaticString)
        xml.verbatim(service.xmlNamespace)
        xml.verbatim("\">" as StaticString)
        switch service.dialect {
        case .ec2:
            xml.element("requestId", requestID)
            write(&xml)
        case .awsQuery:
            if let result = operation.resultElement {
                xml.verbatim("<\(result)>")
                write(&xml)
                xml.verbatim("</\(result)>")
            }
            xml.open("ResponseMetadata")
            xml.element("RequestId", requestID)
            xml.close("ResponseMetadata")
        }
        xml.verbatim("</" as StaticString)
        xml.verbatim(name)
        xml.verbatim("Response>" as StaticString)
    }

    package static func failure(_ error: EC2Error, of service: QueryService, requestID: String) -> [UInt8] {
        var xml = XMLWriter()
        xml.verbatim(declaration)
        switch service.dialect {
        case .ec2: writeEC2(error, requestID, to: &xml)
        case .awsQuery: writeQuery(error, service, requestID, to: &xml)
        }
        return xml.finish()
    }

    /// Without a namespace: some clients insist on it.
    private static func writeEC2(_ error: EC2Error, _ requestID: String, to xml: inout XMLWriter) {
        xml.verbatim("<Response><Errors><Error>" as StaticString)
        xml.element("Code", error.code)
        xml.element("Message", error.message)
        xml.verbatim("</Error></Errors>" as StaticString)
        xml.element("RequestID", requestID)
        xml.verbatim("</Response>" as StaticString)
    }

    private static func writeQuery(
        _ error: EC2Error, _ service: QueryService, _ requestID: String, to xml: inout XMLWriter
    ) {
        xml.verbatim("<ErrorResponse xmlns=\"\(service.xmlNamespace)\"><Error>")
        xml.element("Type", choice: error.httpStatus < 500 ? "Sender" : "Receiver")
        xml.element("Code", error.code)
        xml.element("Message", error.message)
        xml.close("Error")
        xml.element("RequestId", requestID)
        xml.close("ErrorResponse")
    }
}
