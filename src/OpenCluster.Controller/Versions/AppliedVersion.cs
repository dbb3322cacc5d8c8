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
        var stored = new StoredVersion { Number = Number, Declared = JsonSerializer.SerializeToElement(Declared, ModelJson.Default.Cluster), Restores = Restores, Changes = Changes };
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) JsonSerializer.Serialize(gzip, stored, VersionsJson.Default.StoredVersion);
        return new DocumentWrite(KeyOf(Number), packed.ToArray());
    }

    public static AppliedVersion Read(ReadOnlyMemory<byte> document)
    {
        using var gzip = new GZipStream(new MemoryStream(document.ToArray()), CompressionMode.Decompress);
        var stored = JsonSerializer.Deserialize(gzip, VersionsJson.Default.StoredVersion) ?? throw new JsonException("A version document is null.");
        return new AppliedVersion
        {
            Number = stored.Number,
            Declared = stored.Declared.Deserialize(ModelJson.Default.Cluster) ?? throw new JsonException("A version document declares null."),
            Restores = stored.Restores,
            Changes = stored.Changes,
        };
    }
}

/// <summary>The document of an <see cref="AppliedVersion"/>. What was declared is a value of its own in it, which the model's own JSON reads.</summary>
internal sealed record StoredVersion
{
    public required int Number { get; init; }
    public required JsonElement Declared { get; init; }
    public int? Restores { get; init; }
    public ImmutableArray<string> Changes { get; init; } = [];
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
[JsonSerializable(typeof(StoredVersion))]
internal partial class VersionsJsonTypes : JsonSerializerContext;
