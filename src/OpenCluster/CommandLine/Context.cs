using System.Text.Json;
using System.Text.Json.Serialization;
using OpenCluster.Api.Client;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.CommandLine;

/// <summary>Which controller the command line talks to, and with which token.</summary>
/// <param name="RootsFile">The roots that the controller's certificate must lead to (PEM).</param>
/// <param name="Home">Where <c>up</c> keeps the cluster; null for one that was not brought up here.</param>
internal sealed record Context(string Url, string TokenFile, string? RootsFile, string? Home = null)
{
    /// <summary>The directory that <c>up</c> keeps a cluster in, beside the file; found from any folder below.</summary>
    public const string DirectoryName = ".opencluster";

    /// <summary>Written there by <c>up</c>; holds paths, never a token.</summary>
    public const string FileName = "context.json";

    /// <summary>What `opencluster login` left, instead of files of a token and of roots.</summary>
    [JsonIgnore]
    private CredentialsFile? Kept { get; init; }

    public static Context Of(CredentialsFile kept) => new(kept.Url, "", null) { Kept = kept };

    /// <summary>
    /// In this order: what was given on the command line, OPENCLUSTER_CONTROLLER, OPENCLUSTER_TOKEN_FILE and OPENCLUSTER_ROOTS, the
    /// cluster whose directory is here or above, the one logged in to. Null when there is none.
    /// </summary>
    public static Context? Find(string? url, string? tokenFile, string? rootsFile)
    {
        var found = new DirectoryInfo(Environment.CurrentDirectory) is var here ? InOrAbove(here) : null;
        url ??= Environment.GetEnvironmentVariable("OPENCLUSTER_CONTROLLER") ?? found?.Url;
        tokenFile ??= Environment.GetEnvironmentVariable("OPENCLUSTER_TOKEN_FILE") ?? found?.TokenFile;
        rootsFile ??= Environment.GetEnvironmentVariable("OPENCLUSTER_ROOTS") ?? found?.RootsFile;
        if (url is null && tokenFile is null && CredentialsFile.Read() is { } kept) return Of(kept);
        return url is null || tokenFile is null ? null : new Context(url, tokenFile, rootsFile, url == found?.Url ? found.Home : null);
    }

    /// <summary>What a controller or a token that was named alone wants beside it; null where none was.</summary>
    public static string? Incomplete(string? url, string? tokenFile) => (url ?? Environment.GetEnvironmentVariable("OPENCLUSTER_CONTROLLER"), tokenFile ?? Environment.GetEnvironmentVariable("OPENCLUSTER_TOKEN_FILE")) switch
    {
        ({ } named, null) => $"the controller {named} is named, and no token for it: add --token-file FILE (or OPENCLUSTER_TOKEN_FILE), or log in to it with `opencluster login`.",
        (null, { } named) => $"the token in {named} is named, and no controller: add --controller URL (or OPENCLUSTER_CONTROLLER).",
        _ => null,
    };

    /// <summary>A client for it.</summary>
    /// <exception cref="IOException">The token or the roots cannot be read.</exception>
    /// <exception cref="FormatException">The controller is no URL.</exception>
    public ApiClient Client(TimeProvider time)
    {
        var roots = Kept?.Roots ?? (RootsFile is null ? null : Read("roots", RootsFile));
        var credentials = roots is null ? null : new Credentials(RootBundle.Parse(roots));
        return new ApiClient(UrlOf(Url), Kept?.Token ?? Read("token", TokenFile).Trim(), time, credentials is null ? null : credentials.Itself);
    }

    /// <exception cref="FormatException">It is not what a controller can be reached by.</exception>
    public static Uri UrlOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http"
        ? url
        : throw new FormatException($"\"{text}\" is not the URL of a controller; it looks like https://10.0.0.1:7400.");

    private static string Read(string what, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The {what} file {path} cannot be read: {unreadable.Message}", unreadable);
        }
    }

    public void Save(string directory) =>
        File.WriteAllText(Path.Combine(directory, FileName), JsonSerializer.Serialize(this, ContextJson.Default.Context));

    private static Context? InOrAbove(DirectoryInfo? directory)
    {
        for (; directory is not null; directory = directory.Parent)
        {
            foreach (var path in (string[])[Path.Combine(directory.FullName, DirectoryName, FileName), Path.Combine(directory.FullName, FileName)])
            {
                if (File.Exists(path)) return JsonSerializer.Deserialize(File.ReadAllText(path), ContextJson.Default.Context);
            }
        }

        return null;
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Context))]
internal sealed partial class ContextJson : JsonSerializerContext;
