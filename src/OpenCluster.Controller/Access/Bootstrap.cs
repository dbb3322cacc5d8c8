using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api.Access;
using OpenCluster.Trust.Files;

namespace OpenCluster.Controller.Access;

/// <summary>
/// Tokens made before the controller's start, so that whoever starts a whole cluster at once can hand every agent what it joins with
/// without asking: <c>{"admin": "oc_…", "agents": {"web1": "oc_…"}}</c>. Agents are named by server, because ids come only with the first apply.
/// Their tokens are good once, as any for joining.
/// </summary>
public sealed record Bootstrap
{
    /// <summary>Null: the controller makes one.</summary>
    public string? Admin { get; init; }
    /// <summary>Token to join with, by server name.</summary>
    public ImmutableSortedDictionary<string, string> Agents { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>A fresh token of the right form.</summary>
    public static string NewToken() => Token.New();

    /// <summary>Writes the file, for the owner alone.</summary>
    public void Write(string path) => PrivateFile.Write(path, JsonSerializer.Serialize(this, AccessJson.Default.Bootstrap));

    /// <exception cref="ControllerStartException">Missing, readable by others, or not of this form.</exception>
    public static Bootstrap Read(string path)
    {
        try
        {
            if (!PrivateFile.IsPrivate(path))
                throw new ControllerStartException($"{path} holds tokens and others may read it. Make them anew, and the file with mode 0600 (chmod 600).");
            var read = JsonSerializer.Deserialize(File.ReadAllBytes(path), AccessJson.Default.Bootstrap) ?? new Bootstrap();
            foreach (var token in read.Agents.Values.Append(read.Admin ?? Token.New()))
            {
                // Says which rule, never which token.
                if (token.Length is < 20 or > Token.MaxLength)
                    throw new ControllerStartException($"{path} has a token shorter than 20 or longer than {Token.MaxLength} characters. Make it of 32 random bytes.");
            }

            return read;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new ControllerStartException($"The tokens in {path} cannot be read: {failed.Message}", failed);
        }
        catch (JsonException failed)
        {
            // Without the inner message: it may quote the file.
            throw new ControllerStartException($"{path} is not the JSON of a bootstrap file (line {failed.LineNumber + 1}): {{\"admin\": TOKEN, \"agents\": {{SERVER: TOKEN}}}}.");
        }
    }
}
