using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.CommandLine;
using OpenCluster.Model;
using OpenCluster.Trust.Files;

namespace OpenCluster.Host;

/// <summary>What <c>install</c> must know; a file of them (JSON) is taken unasked.</summary>
internal sealed record Answers
{
    /// <summary>What to call the cluster.</summary>
    public string Cluster { get; init; } = "main";
    /// <summary>This server's name in the cluster file.</summary>
    public string Server { get; init; } = DefaultServer();
    /// <summary>The IP address that other servers and people reach it by.</summary>
    public string Address { get; init; } = DefaultAddress();
    public int Port { get; init; } = 7400;
    /// <summary>The first user, who may do everything.</summary>
    public string Admin { get; init; } = "admin";
    /// <summary>File with that user's password (mode 0600); null to be asked.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The password itself: only where the answers come by standard input, which nobody else reads.</summary>
    public string? Password { get; init; }

    /// <summary>What stands for standard input where a file is named.</summary>
    public const string StandardInput = "-";

    /// <exception cref="IOException">A value cannot be used.</exception>
    /// <exception cref="JsonException">It is not of this form.</exception>
    public static Answers Read(string path)
    {
        var text = path == StandardInput ? Console.In.ReadToEnd() : File.ReadAllText(path);
        var answers = (JsonSerializer.Deserialize(text, AnswersJson.Default.Answers) ?? new Answers()).Checked();
        return answers.Password is not null && path != StandardInput ? throw new IOException($"{path} holds a password: put that in a file of its own and name it as passwordFile.") : answers;
    }

    /// <summary>Where the API is served.</summary>
    [JsonIgnore]
    public Uri Url => new($"https://{(Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]" : Address)}:{Port}/");

    public string ToJson() => JsonSerializer.Serialize(this, AnswersJson.Default.Answers);

    /// <summary>Asks for each, with what it is for and what an empty answer means.</summary>
    public static Answers Ask(Screen screen)
    {
        var usual = new Answers();
        return new Answers
        {
            Cluster = Ask(screen, "Name of the cluster", "shown in status and logs; may change later", usual.Cluster),
            Server = Ask(screen, "Name of this server", "as the cluster file calls it", usual.Server),
            Address = Ask(screen, "Address of this server", "the IP address that other servers and you reach it by; the API is served there, by TLS alone", usual.Address),
            Admin = Ask(screen, "Name of the first user", "may do everything; more users come with `opencluster user set`", usual.Admin),
        }.Checked();
    }

    public async Task<string> PasswordAsync(CancellationToken ct)
    {
        if (Password is not null) return Password;
        if (PasswordFile is null) return await SecretInput.ReadAsync($"Password of {Admin}, 12 characters or more", twice: true, ct).ConfigureAwait(false);
        if (!PrivateFile.IsPrivate(PasswordFile)) throw new IOException($"{PasswordFile} holds a password and others may read it: chmod 600 {PasswordFile}");
        return (await File.ReadAllTextAsync(PasswordFile, ct).ConfigureAwait(false)).TrimEnd('\r', '\n');
    }

    private Answers Checked()
    {
        foreach (var (what, name) in ((string, string)[])[("server", Server), ("cluster", Cluster)])
        {
            if (!IsName(name)) throw new IOException($"{what}: \"{name}\" is not 1 to 63 lower-case letters, digits and hyphens.");
        }

        if (!IPAddress.TryParse(Address, out _)) throw new IOException($"address: \"{Address}\" is not an IP address, such as 10.0.0.1.");
        if (!IsName(Admin.Replace('.', '-'))) throw new IOException($"admin: \"{Admin}\" is not 1 to 63 lower-case letters, digits, dots and hyphens.");
        if (Port is < 1 or > 65535) throw new IOException($"port: {Port} is not 1 to 65535.");
        return this;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 63 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static string Ask(Screen screen, string what, string why, string usual)
    {
        screen.Say($"[bold]{Screen.Plain(what)}[/] [grey]({Screen.Plain(why)})[/] [[{Screen.Plain(usual)}]]");
        return Console.In.ReadLine()?.Trim() is { Length: > 0 } given ? given : usual;
    }

    private static string DefaultServer()
    {
        var name = new string([.. Environment.MachineName.Split('.')[0].ToLowerInvariant().Where(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')]).Trim('-');
        return name.Length > 0 ? name : "server1";
    }

    /// <summary>The address that the way out of this machine begins at. Nothing is sent: a UDP socket is only routed.</summary>
    private static string DefaultAddress()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            // An address of documentation (RFC 5737): routed as any other outside.
            socket.Connect(IPAddress.Parse("192.0.2.1"), 9);
            return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
        }
        catch (SocketException)
        {
            // No way out: then at least this machine itself.
            return IPAddress.Loopback.ToString();
        }
    }
}

/// <summary>JSON of the answers; what is left out keeps its default, see <see cref="JsonDefaults"/>.</summary>
internal sealed class AnswersJson(JsonSerializerOptions options) : AnswersJsonTypes(options), IJsonTypeInfoResolver
{
    public static new AnswersJson Default { get; } = new(new JsonSerializerOptions(AnswersJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(AnswersJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="AnswersJson"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Answers))]
internal partial class AnswersJsonTypes : JsonSerializerContext;
