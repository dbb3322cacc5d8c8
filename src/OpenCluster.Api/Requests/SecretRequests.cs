namespace OpenCluster.Api.Requests;

/// <summary>A secret's new value. The same value again changes nothing.</summary>
public sealed record SecretRequest
{
    /// <summary>Any bytes, 1 to 65,536; in JSON as base64.</summary>
    public required byte[] Value { get; init; }
    /// <summary>The value before is deleted at once, because it is in wrong hands; a roll-out that fails then has nothing to go back to.</summary>
    public bool Forget { get; init; }
    public string Why { get; init; } = "";

    /// <summary>Never the value: records end up in logs.</summary>
    public override string ToString() => $"{nameof(SecretRequest)} of {Value?.Length ?? 0} bytes";
}

/// <summary>A secret gets a new value that nobody has seen: random, in letters, digits, - and _.</summary>
public sealed record SecretRotationRequest
{
    /// <summary>Characters, 16 to 1,024; each holds 6 bits. Default 43: 256 bits.</summary>
    public int Length { get; init; } = 43;
    public bool Forget { get; init; }
    public string Why { get; init; } = "";
}
