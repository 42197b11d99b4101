import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateDhcpOptions`
enum CreateDhcpOptions: RecordAction {
    typealias Operation = EC2.Operation.CreateDhcpOptions

    static func perform(
        _ input: EC2.CreateDhcpOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateDhcpOptionsResult {
        let options = try DHCPOptionsText.options(input.dhcpConfigurations)
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "dhcp-options", in: transaction)
        let made = transaction.createDHCPOptions(options, tags: tags)
        return EC2.CreateDhcpOptionsResult(dhcpOptions: EC2.DhcpOptions(made))
    }
}
