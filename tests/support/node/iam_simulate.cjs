// Reads simulations as one JSON list on standard input, and answers with one verdict for each:
// {allowed, ignored} or {error}. Runs @cloud-copilot/iam-simulate from the folder in MLOPS_IAM_SIMULATE.
const { createRequire } = require('node:module')
const { runSimulation } = createRequire(`${process.env.MLOPS_IAM_SIMULATE}/`)('@cloud-copilot/iam-simulate')

async function verdict(simulation) {
  let answer
  try {
    answer = await runSimulation(simulation, {})
  } catch (error) {
    return { error: String(error.stack ?? error) }
  }
  if (answer.resultType === 'error') return { error: JSON.stringify(answer.errors) }
  const results = answer.resultType === 'single' ? [answer.result] : answer.results
  return {
    allowed: answer.overallResult === 'Allowed',
    ignored: results.flatMap((result) => result.ignoredContextKeys ?? []),
  }
}

async function main() {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  const verdicts = []
  for (const simulation of JSON.parse(text)) verdicts.push(await verdict(simulation))
  process.stdout.write(JSON.stringify(verdicts))
}

main().catch((error) => {
  process.stderr.write(String(error.stack ?? error))
  process.exitCode = 1
})
