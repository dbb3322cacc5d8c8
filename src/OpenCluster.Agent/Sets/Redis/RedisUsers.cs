using System.Security.Cryptography;
using System.Text;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Sets.Redis;

/// <summary>
/// The two users of a copy, as rules of Redis' access lists (https://redis.io/docs/management/security/acl). Applications are the user
/// <c>app</c>; whether it may write is how a copy is fenced, since this leaves the agent's and the replicas' own writes alone.
/// </summary>
internal static class RedisUsers
{
    public const string App = "app";
    public const string Own = "opencluster";

    /// <summary>
    /// Everything but administration. Of what Redis calls dangerous, clients and frameworks rely on some. Database 0 alone: the other one
    /// holds our mark. WRITE at the end shuts all writes out, whatever was allowed before.
    /// </summary>
    public static string[] AppRules(SetPasswords passwords, bool mayWrite) =>
    [
        "reset", "on", "#" + Digest(passwords.App), "~*", "&*", "+@all", "-@admin", "-@dangerous", "-select", "+select|0", "-move",
        "+flushdb", "+flushall", "+keys", "+info", "+sort", "+sort_ro", "+role", "+restore", .. mayWrite ? (string[])[] : ["-@write"],
    ];

    public static string[] OwnRules(SetPasswords passwords) => ["reset", "on", "#" + Digest(passwords.Own), "~*", "&*", "+@all"];

    private static string Digest(string password) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));
}
