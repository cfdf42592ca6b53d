using System.Globalization;

namespace ZarrCache.Index.Sqlite;

/// <summary>Entries in the order of their priority, by index, streamed: one range for each kind, merged by SQLite.</summary>
internal static class PriorityOrder
{
    /// <summary>All of one store (parameter 1) or of all stores.</summary>
    public static string Sql(bool oneStore, EntryKind? kind) => $"{Union(oneStore, kind, "")} ORDER BY priority";

    /// <summary>
    /// The page that follows (priority ?2, id ?3), up to the priority ?4, at most ?5 rows. The far end is fixed when the
    /// enumeration begins, or one that marks what it is given would never end.
    /// </summary>
    public static string PageSql(bool oneStore, EntryKind? kind, bool descending) => descending
        ? $"{Union(oneStore, kind, " AND (priority, id) < (?2, ?3) AND priority >= ?4")} ORDER BY priority DESC, id DESC LIMIT ?5"
        : $"{Union(oneStore, kind, " AND (priority, id) > (?2, ?3) AND priority <= ?4")} ORDER BY priority, id LIMIT ?5";

    private static string Union(bool oneStore, EntryKind? kind, string condition) => string.Join(
        " UNION ALL ",
        (kind is { } one ? [one] : Enum.GetValues<EntryKind>()).Select(k => string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT {EntryRow.Columns} FROM entries WHERE {(oneStore ? "store = ?1 AND " : "")}kind = {(int)k}{condition}")));
}
