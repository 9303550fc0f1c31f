// `devicegrant/mcp`: for clients and servers of the Model Context Protocol, in either generation of its SDK.
export { authorize } from "../mcp/authorize.js";
export { deviceAuth } from "../mcp/auth-provider.js";
export type { DeviceAuth } from "../mcp/auth-provider.js";
export type { FirstContext, InnerServer, SecondContext, ToolContext, ToolServer } from "../mcp/context.js";
export { deviceOAuthProvider } from "../mcp/oauth-provider.js";
export type { DeviceOAuthProvider } from "../mcp/oauth-provider.js";
export type { InputRequiredResult, PlainResult } from "../mcp/questions.js";
export { ensure } from "../mcp/ensure.js";
export type { EnsureOptions, NotYet, SignedIn } from "../mcp/ensure.js";
export { PerUser } from "../mcp/per-user.js";
export type { PerUserOptions, User } from "../mcp/per-user.js";
export { stepUp, stepUpFetch } from "../mcp/step-up.js";
