using System.Net;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>What tests ask of an answer.</summary>
internal static class HttpAnswers
{
    public static async Task<byte[]> BytesAsync(this HttpResponseMessage response) => await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

    public static async Task<string> TextAsync(this HttpResponseMessage response) => await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>A header as it was sent; null if it was not.</summary>
    public static string? Header(this HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;

    /// <summary>This, or a failure that shows what was answered.</summary>
    public static async Task<HttpResponseMessage> WithStatusAsync(this Task<HttpResponseMessage> sent, HttpStatusCode status)
    {
        HttpResponseMessage response = await sent;
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} instead of {(int)status}: {(response.StatusCode == status ? "" : await response.TextAsync())}");
        return response;
    }
}
