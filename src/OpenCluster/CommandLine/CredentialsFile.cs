using System.Text.Json;
using System.Text.Json.Serialization;
using OpenCluster.Trust.Files;

namespace OpenCluster.CommandLine;

/// <summary>
/// What <c>opencluster login</c> keeps for this user, readable by nobody else: which controller, the cluster's roots (so that nobody can
/// pose as it), and the session.
/// </summary>
internal sealed record CredentialsFile(string Url, string Roots, string Token, string User)
{
    /// <summary>By the XDG base directory specification.</summary>
    public static string Path { get; } = System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } config
            ? config
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "opencluster", "credentials.json");

    /// <summary>Null when nobody has logged in here.</summary>
    /// <exception cref="IOException">Others could have read it.</exception>
    public static CredentialsFile? Read()
    {
        if (!File.Exists(Path)) return null;
        if (!PrivateFile.IsPrivate(Path)) throw new IOException($"{Path} holds a session and others may read it. Log in again, and keep it 0600.");
        return JsonSerializer.Deserialize(File.ReadAllText(Path), CredentialsJson.Default.CredentialsFile);
    }

    public void Save()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        PrivateFile.Write(Path, JsonSerializer.Serialize(this, CredentialsJson.Default.CredentialsFile));
    }

    public static void Forget() => File.Delete(Path);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CredentialsFile))]
internal sealed partial class CredentialsJson : JsonSerializerContext;
