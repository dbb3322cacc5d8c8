using System.Security.Cryptography;
using System.Text;

namespace OpenCluster.Data.Tests.Spaces;

/// <summary>Writes files of spaces.</summary>
internal static class SpaceJson
{
    public static string Document(params string[] spaces) => "{\"spaces\": {" + string.Join(", ", spaces) + "}}";

    /// <param name="name">Of the space.</param>
    /// <param name="limits">As JSON, each with a comma behind.</param>
    /// <param name="users">Each as <see cref="User"/> writes it.</param>
    public static string Space(string name, string limits, params string[] users) => $"\"{name}\": {{{limits} \"users\": {{{string.Join(", ", users)}}}}}";

    public static string User(string name, string password, string more = "") =>
        $"\"{name}\": {{\"password-sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)))}\"{more}}}";
}
