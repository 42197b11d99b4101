import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

/// `DescribeInstanceTypes`: every type is offered in the region. The answer is put together from XML that the catalogue
/// holds, without shapes in between: it is 4 MB when whole.
enum DescribeInstanceTypes: RecordAction {
    /// As generated, but for the output.
    enum Operation: QueryOperation {
        typealias Input = EC2.DescribeInstanceTypesRequest
        typealias Output = InstanceTypeList
        private typealias Generated = EC2.Operation.DescribeInstanceTypes
        static var service: QueryService { Generated.service }
        static var name: String { Generated.name }
        static var resultElement: String? { Generated.resultElement }
        static var isPaginated: Bool { Generated.isPaginated }
        static var hasDryRun: Bool { Generated.hasDryRun }
        static var hasClientToken: Bool { Generated.hasClientToken }
    }

    static func perform(
        _ input: EC2.DescribeInstanceTypesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> InstanceTypeList {
        let types = try InstanceTypeFilters.table.select(
            named(input.instanceTypes), by: input.filters, in: transaction.state)
        let page = try Pagination.page(types, for: input) { $0.name }
        return InstanceTypeList(
            types: page.items, tellsSupport: input.includeUnsupportedInRegion == true, nextToken: page.nextToken)
    }

    private static func named(_ names: [String]) throws(EC2Error) -> [InstanceType] {
        guard !names.isEmpty else { return InstanceTypeCatalogue.shared.all }
        let missing = names.filter { InstanceTypeCatalogue.shared[$0] == nil }
        guard missing.isEmpty else {
            throw EC2Error(
                "InvalidInstanceType",
                "The following supplied instance types do not exist: [\(missing.joined(separator: ", "))]")
        }
        return Set(names).sorted().compactMap { InstanceTypeCatalogue.shared[$0] }
    }
}

/// The result of `DescribeInstanceTypes`.
struct InstanceTypeList: XMLWritable, PaginatedOutput {
    var types: [InstanceType]
    /// Whether each type says that the region supports it, as it does where unsupported ones could be shown too.
    var tellsSupport = false
    var nextToken: String?

    /// Bytes of XML that a type takes, rounded up from the mean.
    private static let typicalSize = 3_600

    func write(to xml: inout XMLWriter) {
        xml.expect(types.count * InstanceTypeList.typicalSize)
        if types.isEmpty {
            xml.empty("instanceTypeSet")
        } else {
            xml.open("instanceTypeSet")
            for type in types {
                xml.open("item")
                type.forEachPiece { xml.verbatim($0) }
                if tellsSupport { xml.element("supportedInRegion", true) }
                xml.close("item")
            }
            xml.close("instanceTypeSet")
        }
        xml.element("nextToken", nextToken)
    }
}
