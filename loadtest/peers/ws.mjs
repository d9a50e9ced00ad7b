// The npm package ws, on Node: argument 1 is the node_modules folder that has it.
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(process.argv[2] + "/")("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
const subscribers = [];

server.on("listening", () => console.log(`ready ${server.address().port}`));
server.on("connection", (connection, request) => {
  if (request.url !== "/control") {
    subscribers.push(connection);
    return;
  }
  connection.on("message", (message) => {
    for (const subscriber of subscribers) subscriber.send(message, { binary: true });
  });
});
