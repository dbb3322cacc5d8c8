namespace OpenCluster.Data.Spaces;

/// <summary>Somebody who may connect. He opens exactly one space.</summary>
/// <param name="Name">For AUTH and ACL WHOAMI.</param>
/// <param name="Digest">SHA-256 of the password in lower-case hexadecimal; null: none is asked for.</param>
/// <param name="Space">Name of the space.</param>
/// <param name="IsReadOnly">He may read and not write.</param>
/// <param name="IsAdmin">He may also ask about and change the server: CONFIG SET, CLIENT KILL, SHUTDOWN, BGREWRITEAOF.</param>
internal sealed record User(string Name, string? Digest, string Space, bool IsReadOnly, bool IsAdmin);
