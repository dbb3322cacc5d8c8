using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenCluster.Data.Spaces;

/// <summary>The file of spaces is not what it should be.</summary>
public sealed class SpacesFileException(string message) : Exception(message);

/// <summary>
/// The spaces of a server with their limits and users, from a file: <c>{"spaces": {"shop": {"memory-bytes": 1000000, "users": {"shop-app":
/// {"password-sha256": "…", "read-only": true}}}}}</c>. Who is not in it cannot connect.
/// </summary>
internal sealed record SpacesFile
{
    private const int MaxNameBytes = 255;

    public required Dictionary<string, SpaceEntry> Spaces { get; init; }

    /// <summary>One space: its limits (0: none of its own) and who opens it.</summary>
    internal sealed record SpaceEntry
    {
        public long MemoryBytes { get; init; }

        public long Keys { get; init; }

        public int Connections { get; init; }

        public int OperationsPerSecond { get; init; }

        public Dictionary<string, UserEntry> Users { get; init; } = [];

        [JsonIgnore]
        public SpaceLimits Limits => new() { MemoryBytes = MemoryBytes, Keys = Keys, Connections = Connections, OperationsPerSecond = OperationsPerSecond };
    }

    /// <param name="PasswordSha256">64 hexadecimal digits; null: no password is asked for.</param>
    /// <param name="ReadOnly">May read and not write.</param>
    /// <param name="Admin">May also ask for snapshots.</param>
    internal sealed record UserEntry(string? PasswordSha256, bool ReadOnly = false, bool Admin = false);

    /// <exception cref="SpacesFileException">It says in which way the file is wrong; all that is wrong with its content at once.</exception>
    public static SpacesFile Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var read = JsonSerializer.Deserialize(file, SpacesJson.Default.SpacesFile) ?? throw new SpacesFileException($"{path} is empty.");
            var wrong = read.Problems().ToList();
            return wrong.Count == 0 ? read : throw new SpacesFileException($"{path}: {string.Join("; ", wrong)}.");
        }
        catch (JsonException wrong)
        {
            throw new SpacesFileException($"{path}, line {wrong.LineNumber + 1}: {wrong.Message}");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new SpacesFileException($"{path} cannot be read: {wrong.Message}");
        }
    }

    /// <summary>Every user with the space that he opens.</summary>
    public IEnumerable<User> Users() => Spaces.SelectMany(space => space.Value.Users.Select(user =>
        new User(user.Key, user.Value.PasswordSha256?.ToLowerInvariant(), space.Key, user.Value.ReadOnly, user.Value.Admin)));

    private IEnumerable<string> Problems()
    {
        foreach (var (name, space) in Spaces)
        {
            if (name.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(name) > MaxNameBytes) yield return $"the name of space \"{name}\" should have 1 to {MaxNameBytes} bytes";
            if (space.MemoryBytes < 0 || space.Keys < 0 || space.Connections < 0 || space.OperationsPerSecond < 0) yield return $"a limit of space \"{name}\" is below 0";
            foreach (var (user, entry) in space.Users)
                if (entry.PasswordSha256 is { } digest && (digest.Length != 64 || !digest.All(char.IsAsciiHexDigit)))
                    yield return $"password-sha256 of user \"{user}\" should be 64 hexadecimal digits (printf %s PASSWORD | sha256sum)";
        }
        foreach (var twice in Spaces.SelectMany(s => s.Value.Users.Keys).GroupBy(u => u, StringComparer.Ordinal).Where(g => g.Count() > 1))
            yield return $"user \"{twice.Key}\" stands in {twice.Count()} spaces; he can open only one";
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(SpacesFile))]
internal sealed partial class SpacesJson : JsonSerializerContext;
