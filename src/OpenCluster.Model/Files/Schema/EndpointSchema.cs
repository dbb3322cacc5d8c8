using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>endpoints</c>: what others run and your services use.</summary>
internal static class EndpointSchema
{
    private static readonly Key<string> Protocol = new("protocol", Common.Named("the name of a protocol"), "What is spoken there: postgres, redis, https.", "tcp");
    private static readonly OptionalKey<string> Host = new("host", new TextShape("a host", Texts.NotAHostName), "Its host name or IP address.") { Required = true };
    private static readonly OptionalKey<int> Port = new("port", Common.PortNumber, "Its port.") { Required = true };
    private static readonly OptionalKey<string> User = new("user", Common.Text, "The user to connect as.");
    private static readonly OptionalKey<string> Secret = new("secret", Common.Named("the name of a secret"), "The secret that holds the password.");
    private static readonly Key<HealthCheck?> Check = new("check", CheckSchema.Shape!, "How to find out whether it can be used.", null) { UsualWords = "none" };

    public static readonly ObjectShape<Endpoint> Shape = new("an endpoint", [Common.RenamedFrom, Protocol, Host, Port, User, Secret, Check], o => new Endpoint
    {
        Name = o.Name,
        RenamedFrom = o.Maybe(Common.RenamedFrom),
        Protocol = o.Get(Protocol),
        Host = o.Need(Host, ""),
        Port = o.Need(Port, 0),
        User = o.Maybe(User),
        Secret = o.Maybe(Secret),
        Check = o.Get(Check),
    });
}
