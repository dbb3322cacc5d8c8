namespace OpenCluster.Controller.Secrets;

/// <summary>One value of a secret, sealed: <c>controller/secrets/ID/VERSION</c>.</summary>
internal sealed record SecretDocument
{
    public const string KeyPrefix = "controller/secrets/";

    /// <summary>As the secret was called then; for those that are no longer in the file.</summary>
    public required string Name { get; init; }
    public required byte[] Sealed { get; init; }
    public DateTimeOffset Set { get; init; }
    public string By { get; init; } = "";

    public static string NameOf(string secretId, int version) => $"{secretId}/{version}";

    /// <summary>The other way.</summary>
    public static (string SecretId, int Version) Of(string name) =>
        (name[..name.LastIndexOf('/')], int.Parse(name.AsSpan(name.LastIndexOf('/') + 1), System.Globalization.CultureInfo.InvariantCulture));
}
