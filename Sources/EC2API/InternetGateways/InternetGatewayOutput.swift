// An internet gateway as EC2 shows it, and what it can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.InternetGateway {
    init(_ gateway: InternetGatewayRecord) {
        self.init(
            attachments: gateway.vpc.map {
                [EC2.InternetGatewayAttachment(state: .available, vpcID: $0.description)]
            } ?? [],
            internetGatewayID: gateway.id.description, ownerID: gateway.account.description,
            tags: EC2.Tag.list(gateway.tags))
    }
}

enum InternetGatewayFilters {
    static let table = FilterTable<InternetGatewayRecord>(
        [
            "attachment.state": { gateway, _ in gateway.vpc == nil ? [] : ["available"] },
            "attachment.vpc-id": { gateway, _ in gateway.vpc.map { [$0.description] } ?? [] },
            "internet-gateway-id": { gateway, _ in [gateway.id.description] },
            "owner-id": { gateway, _ in [gateway.account.description] },
        ], tags: \.tags)
}
