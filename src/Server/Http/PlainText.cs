using Microsoft.AspNetCore.Http;

namespace ZarrCache.Server.Http;

/// <summary>Answers for people: a line of plain text that nobody keeps.</summary>
internal static class PlainText
{
    public static async Task WriteAsync(HttpContext context, int status, string text)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.CacheControl = status == StatusCodes.Status404NotFound ? "no-cache" : "no-store";
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text + "\n");
        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        }
    }
}
