using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Controller.Conducting;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Versions;

/// <summary>
/// What the file declared at a version, with the ids its objects had: what later drift is measured against, and what an undo goes
/// back to. Kept beside the conductor's own document of the same version, which has the text.
/// </summary>
internal sealed record AppliedVersion
{
    public const string KeyPrefix = OwnKeys.Prefix + "versions/";

    public required int Number { get; init; }
    public required Cluster Declared { get; init; }
    /// <summary>For an undo, the version whose objects these are: the next undo goes on from there.</summary>
    public int? Restores { get; init; }
    /// <summary>What it changed, in lines.</summary>
    public ImmutableArray<string> Changes { get; init; } = [];

    public static string KeyOf(int number) => $"{KeyPrefix}{number.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Compressed, because it goes into one transaction with the objects themselves.</summary>
    public DocumentWrite Write()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) JsonSerializer.Serialize(gzip, this, VersionsJson.Default.AppliedVersion);
        return new DocumentWrite(KeyOf(Number), packed.ToArray());
    }

    public static AppliedVersion Read(ReadOnlyMemory<byte> document)
    {
        using var gzip = new GZipStream(new MemoryStream(document.ToArray()), CompressionMode.Decompress);
        return JsonSerializer.Deserialize(gzip, VersionsJson.Default.AppliedVersion) ?? throw new JsonException("A version document is null.");
    }
}

/// <summary>JSON of these documents; what is missing keeps its default.</summary>
/// <remarks>Missing fields keep their defaults, see <see cref="JsonDefaults"/>.</remarks>
internal sealed class VersionsJson(JsonSerializerOptions options) : VersionsJsonTypes(options), IJsonTypeInfoResolver
{
    public static new VersionsJson Default { get; } = new(new JsonSerializerOptions(VersionsJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(VersionsJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="VersionsJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AppliedVersion))]
internal partial class VersionsJsonTypes : JsonSerializerContext;
